/* IoPorts: the x86 I/O space of 64 Ki ports, by the in and out instructions.
 *
 * One call is one instruction of the width asked for (an update: one in, one out). The kernel
 * grants ports to a thread (ioperm(2)), so each thread takes what it uses when it first does. */
#include "core.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#if defined(__linux__) && (defined(__x86_64__) || defined(__i386__))
#define HAS_PORTS 1
#include <sys/io.h>
#else
#define HAS_PORTS 0
#endif

#include "access.h"

#define PORTS 0x10000u

typedef struct {
    PyObject_HEAD
    bool closed;
} IoPorts;

#if HAS_PORTS

/* A bit for each port that this thread has asked for. Threads take over what the thread that
 * started them had; asking again does no harm. */
static pthread_key_t granted;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int key_error;

static void make_key(void)
{
    key_error = pthread_key_create(&granted, free);
}

static bool grant(unsigned port, unsigned count)
{
    pthread_once(&once, make_key);
    unsigned char *bits = key_error == 0 ? pthread_getspecific(granted) : NULL;
    if (key_error == 0 && bits == NULL) {
        bits = calloc(1, PORTS / 8);
        if (bits == NULL || pthread_setspecific(granted, bits) != 0) {
            free(bits);
            PyErr_NoMemory();
            return false;
        }
    }
    bool all = bits != NULL;
    for (unsigned i = port; all && i < port + count; i++)
        all = bits[i / 8] >> (i % 8) & 1;
    if (all)
        return true;
    if (ioperm(port, count, 1) != 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        return false;
    }
    for (unsigned i = port; bits != NULL && i < port + count; i++)
        bits[i / 8] |= (unsigned char)(1u << (i % 8));
    return true;
}

static uint32_t port_in(uint16_t port, unsigned bytes)
{
    switch (bytes) {
    case 1:
        return inb(port);
    case 2:
        return inw(port);
    default:
        return inl(port);
    }
}

static void port_out(uint16_t port, unsigned bytes, uint32_t value)
{
    switch (bytes) {
    case 1:
        outb((uint8_t)value, port);
        break;
    case 2:
        outw((uint16_t)value, port);
        break;
    default:
        outl(value, port);
        break;
    }
}

#else

static bool grant(unsigned port, unsigned count)
{
    (void)port, (void)count;
    errno = ENOSYS;
    PyErr_SetFromErrno(PyExc_OSError);
    return false;
}

static uint32_t port_in(uint16_t port, unsigned bytes)
{
    (void)port, (void)bytes;
    return 0;
}

static void port_out(uint16_t port, unsigned bytes, uint32_t value)
{
    (void)port, (void)bytes, (void)value;
}

#endif

/* One in. A port that was taken from the thread again (ioperm by somebody else) is a fault. */
ACCESS_FUNCTION bool guarded_in(uint16_t port, unsigned bytes, uint64_t *value)
{
    sigjmp_buf env;
    if (sigsetjmp(env, 0) != 0)
        return raise_fault(port, bytes, "read", NULL);
    access_armed = &env;
    COMPILER_BARRIER();
    uint32_t got = port_in(port, bytes);
    COMPILER_BARRIER();
    access_armed = NULL;
    *value = got;
    return true;
}

/* One out. */
ACCESS_FUNCTION bool guarded_out(uint16_t port, unsigned bytes, uint64_t value)
{
    sigjmp_buf env;
    if (sigsetjmp(env, 0) != 0)
        return raise_fault(port, bytes, "write", NULL);
    access_armed = &env;
    COMPILER_BARRIER();
    port_out(port, bytes, (uint32_t)value);
    COMPILER_BARRIER();
    access_armed = NULL;
    return true;
}

/* Whether an access may be made; the ports are this thread's afterwards. */
static bool ports_check(IoPorts *ports, PyObject *where, PyObject *width, uint64_t *address,
                        unsigned *bytes)
{
    char at[HEX_SIZE];
    if (!access_wanted(where, width, address, bytes))
        return false;
    if (ports->closed)
        PyErr_Format(core.ClosedError, "access to port %s after the ports were closed",
                     hex(at, *address));
    else if (*bytes > 4)
        PyErr_Format(core.BadAddress, "port %s: I/O ports take 8, 16 or 32 bits, not 64",
                     hex(at, *address));
    else if (*address >= PORTS || *address % *bytes != 0)
        PyErr_Format(core.BadAddress,
                     "%s is no port of %u bits: they are aligned and end at 0xffff",
                     hex(at, *address), *bytes * 8);
    else
        return grant((unsigned)*address, *bytes);
    return false;
}

static PyObject *ports_read(PyObject *self, PyObject *const *args, Py_ssize_t count,
                            PyObject *keywords)
{
    static const char *const names[] = {"address", "width", NULL};
    PyObject *given[2];
    uint64_t address, value;
    unsigned bytes;
    if (!arguments("read", args, count, keywords, names, 2, 2, given)
        || !ports_check((IoPorts *)self, given[0], given[1], &address, &bytes)
        || !guarded_in((uint16_t)address, bytes, &value))
        return NULL;
    return PyLong_FromUnsignedLongLong(value);
}

static PyObject *ports_write(PyObject *self, PyObject *const *args, Py_ssize_t count,
                             PyObject *keywords)
{
    static const char *const names[] = {"address", "width", "value", NULL};
    PyObject *given[3];
    uint64_t address, value;
    unsigned bytes;
    if (!arguments("write", args, count, keywords, names, 3, 3, given)
        || !ports_check((IoPorts *)self, given[0], given[1], &address, &bytes)
        || !value_wanted(given[2], bytes, "value", &value)
        || !guarded_out((uint16_t)address, bytes, value))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *ports_update(PyObject *self, PyObject *const *args, Py_ssize_t count,
                              PyObject *keywords)
{
    static const char *const names[] = {"address", "width", "keep",  "neutral",
                                        "mask",    "value", NULL};
    PyObject *given[6];
    uint64_t address, keep, neutral, mask, value, old;
    unsigned bytes;
    if (!arguments("update", args, count, keywords, names, 2, 6, given)
        || !ports_check((IoPorts *)self, given[0], given[1], &address, &bytes)
        || !value_wanted(given[2], bytes, "keep", &keep)
        || !value_wanted(given[3], bytes, "neutral", &neutral)
        || !value_wanted(given[4], bytes, "mask", &mask)
        || !value_wanted(given[5], bytes, "value", &value)
        || !guarded_in((uint16_t)address, bytes, &old))
        return NULL;
    value = merge(old, keep, neutral, mask, value);
    if (!guarded_out((uint16_t)address, bytes, value))
        return NULL;
    return PyLong_FromUnsignedLongLong(value);
}

static PyObject *ports_grant(PyObject *self, PyObject *args)
{
    unsigned int port, size;
    if (!PyArg_ParseTuple(args, "II:grant", &port, &size))
        return NULL;
    if (size == 0 || port >= PORTS || size > PORTS - port) {
        PyErr_SetString(core.BadAddress, "I/O ports are 0 to 0xffff");
        return NULL;
    }
    if (((IoPorts *)self)->closed) {
        PyErr_SetString(core.ClosedError, "grant after the ports were closed");
        return NULL;
    }
    if (!grant(port, size))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *ports_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {NULL};
    if (!PyArg_ParseTupleAndKeywords(args, keywords, ":IoPorts", names))
        return NULL;
    fault_install();
    return ((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
}

static void ports_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyObject *ports_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    ((IoPorts *)self)->closed = true;
    Py_RETURN_NONE;
}

static PyMethodDef ports_methods[] = {
    {"read", VECTOR(ports_read), METH_FASTCALL | METH_KEYWORDS,
     "read($self, address, width)\n--\n\nOne in instruction of `width` bits (8, 16 or 32)."},
    {"write", VECTOR(ports_write), METH_FASTCALL | METH_KEYWORDS,
     "write($self, address, width, value)\n--\n\nOne out instruction of `width` bits."},
    {"update", VECTOR(ports_update), METH_FASTCALL | METH_KEYWORDS,
     "update($self, address, width, *, keep, neutral, mask, value)\n--\n\n"
     "One in, `merge`, one out; returns what was written."},
    {"grant", ports_grant, METH_VARARGS,
     "grant($self, address, size, /)\n--\n\nAsk the kernel for ports now, for this thread."},
    {"close", ports_close, METH_NOARGS,
     "close($self)\n--\n\nRefuse further accesses; a second call does nothing."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot ports_slots[] = {
    {Py_tp_doc, "IoPorts()\n--\n\nThe I/O ports of an x86 CPU; what the kernel allows."},
    {Py_tp_new, ports_new},
    {Py_tp_dealloc, ports_dealloc},
    {Py_tp_methods, ports_methods},
    {0, NULL},
};

PyType_Spec ioports_spec = {"regmap._core.IoPorts", sizeof(IoPorts), 0, Py_TPFLAGS_DEFAULT,
                            ports_slots};
