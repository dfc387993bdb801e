/* Map: a shared mapping with bounds, addressed as the bus addresses it. */
#include "core.h"

#include <errno.h>
#include <sys/mman.h>

#include "access.h"

/* ---- life ---------------------------------------------------------------------------------- */

static void map_release(Map *map)
{
    unsigned char *start = map->start;
    size_t size = map->size;
    map->start = NULL;
    map->size = map->writable_size = 0;
    map->closed = true;
    if (start != NULL)
        munmap(start, size);
}

static PyObject *map_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"fd", "size", "offset", "address", "writable", "gone", NULL};
    int fd, writable = 1;
    Py_ssize_t size;
    long long offset = 0;
    PyObject *where = NULL, *gone = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "in|$LOpO:Map", names, &fd, &size, &offset,
                                     &where, &writable, &gone))
        return NULL;
    if (gone != Py_None && !PyCallable_Check(gone)) {
        PyErr_SetString(PyExc_TypeError, "Map(): gone must be callable");
        return NULL;
    }
    uint64_t address = 0;
    enum conversion got = where != NULL ? number_of(where, &address) : CONVERTED;
    if (got == NOT_A_NUMBER)
        return NULL;
    if (size <= 0 || offset < 0 || (long long)(off_t)offset != offset) {
        PyErr_SetString(PyExc_ValueError, "a mapping needs a positive size and an offset in range");
        return NULL;
    }
    if (got == OUT_OF_RANGE || (uint64_t)size - 1 > UINT64_MAX - address) {
        PyErr_SetString(core.BadAddress, "the mapping does not fit in a space of 64 bits");
        return NULL;
    }
    fault_install();
    Map *map = (Map *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (map == NULL)
        return NULL;
    int access = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    void *start = mmap(NULL, (size_t)size, access, fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED,
                       fd < 0 ? -1 : fd, (off_t)offset);
    if (start == MAP_FAILED) {
        map->closed = true;
        PyErr_SetFromErrno(PyExc_OSError);
        Py_DECREF(map);
        return NULL;
    }
    if (gone != Py_None)
        map->gone = Py_NewRef(gone);
    map->start = start;
    map->size = (size_t)size;
    map->writable_size = writable ? (size_t)size : 0;
    map->address = address;
    map->writable = writable;
    return (PyObject *)map;
}

int map_gone(Map *map)
{
    PyObject *asked = map->gone;
    Py_INCREF(asked);
    PyObject *answer = PyObject_CallNoArgs(asked);
    Py_DECREF(asked);
    int gone = answer != NULL ? PyObject_IsTrue(answer) : -1;
    Py_XDECREF(answer);
    return gone;
}

static void map_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    map_release((Map *)self);
    Py_CLEAR(((Map *)self)->gone);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyObject *map_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    map_release((Map *)self);
    Py_RETURN_NONE;
}

static PyObject *map_enter(PyObject *self, PyObject *unused)
{
    (void)unused;
    Py_INCREF(self);
    return self;
}

static PyObject *map_exit(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    (void)args, (void)count;
    map_release((Map *)self);
    Py_RETURN_NONE;
}

static PyObject *map_flush(PyObject *self, PyObject *unused)
{
    Map *map = (Map *)self;
    (void)unused;
    if (map->closed) {
        PyErr_SetString(core.ClosedError, "flush after the mapping was closed");
        return NULL;
    }
    if (msync(map->start, map->size, MS_SYNC) != 0)
        return PyErr_SetFromErrno(PyExc_OSError);
    Py_RETURN_NONE;
}

/* ---- access -------------------------------------------------------------------------------- */

/* The offset of a checked access of `bytes`, or NOWHERE with the reason set as an error. */
static size_t map_check(Map *map, PyObject *where, PyObject *width, const char *kind, bool writes,
                        uint64_t *address, unsigned *bytes)
{
    if (!access_wanted(where, width, address, bytes))
        return NOWHERE;
    /* Below the map this wraps to more than its size, as the map ends within 64 bits. */
    uint64_t offset = *address - map->address;
    size_t limit = writes ? map->writable_size : map->size;
    if (offset >= limit || limit - offset < *bytes || *address % *bytes != 0
        || offset % *bytes != 0 || *bytes > sizeof(void *)) {
        refuse_access(map, *address, *bytes, kind, NULL);
        return NOWHERE;
    }
    return (size_t)offset;
}

static PyObject *map_read(PyObject *self, PyObject *const *args, Py_ssize_t count,
                          PyObject *keywords)
{
    static const char *const names[] = {"address", "width", NULL};
    PyObject *given[2];
    if (!arguments("read", args, count, keywords, names, 2, 2, given))
        return NULL;
    Map *map = (Map *)self;
    uint64_t address, value;
    unsigned bytes;
    size_t offset = map_check(map, given[0], given[1], "read", false, &address, &bytes);
    if (offset == NOWHERE)
        return NULL;
    access_order(map);
    if (access_read(map->start + offset, bytes, access_turned(false), &value) != ACCESS_DONE) {
        raise_fault(address, bytes, "read", NULL);
        return NULL;
    }
    if (map->gone != NULL && (value == 0 || value == UINT64_MAX >> (64 - 8 * bytes))) {
        int gone = map_gone(map);
        if (gone > 0)
            raise_fault(address, bytes, "read", NULL);
        if (gone != 0)
            return NULL;
    }
    return PyLong_FromUnsignedLongLong(value);
}

static PyObject *map_write(PyObject *self, PyObject *const *args, Py_ssize_t count,
                           PyObject *keywords)
{
    static const char *const names[] = {"address", "width", "value", NULL};
    PyObject *given[3];
    if (!arguments("write", args, count, keywords, names, 3, 3, given))
        return NULL;
    Map *map = (Map *)self;
    uint64_t address, value;
    unsigned bytes;
    size_t offset = map_check(map, given[0], given[1], "write", true, &address, &bytes);
    if (offset == NOWHERE || !value_wanted(given[2], bytes, "value", &value))
        return NULL;
    access_order(map);
    if (access_write(map->start + offset, bytes, access_turned(false), value) != ACCESS_DONE) {
        raise_fault(address, bytes, "write", NULL);
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *map_update(PyObject *self, PyObject *const *args, Py_ssize_t count,
                            PyObject *keywords)
{
    static const char *const names[] = {"address", "width", "keep",  "neutral",
                                        "mask",    "value", NULL};
    PyObject *given[6];
    if (!arguments("update", args, count, keywords, names, 2, 6, given))
        return NULL;
    Map *map = (Map *)self;
    uint64_t address, keep, neutral, mask, value;
    unsigned bytes;
    size_t offset = map_check(map, given[0], given[1], "update", true, &address, &bytes);
    if (offset == NOWHERE || !value_wanted(given[2], bytes, "keep", &keep)
        || !value_wanted(given[3], bytes, "neutral", &neutral)
        || !value_wanted(given[4], bytes, "mask", &mask)
        || !value_wanted(given[5], bytes, "value", &value))
        return NULL;
    access_order(map);
    enum access_result result = access_update(map->start + offset, bytes, access_turned(false),
                                              keep, neutral, mask, &value);
    if (result != ACCESS_DONE) {
        raise_fault(address, bytes, result == ACCESS_READ_FAULT ? "read" : "write", NULL);
        return NULL;
    }
    return PyLong_FromUnsignedLongLong(value);
}

/* ---- the type ------------------------------------------------------------------------------ */

static PyObject *map_get_address(PyObject *self, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(((Map *)self)->address);
}

static PyObject *map_get_size(PyObject *self, void *unused)
{
    (void)unused;
    return PyLong_FromSize_t(((Map *)self)->size);
}

static PyObject *map_get_closed(PyObject *self, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((Map *)self)->closed);
}

static PyObject *map_get_writable(PyObject *self, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((Map *)self)->writable);
}

static PyGetSetDef map_attributes[] = {
    {"address", map_get_address, NULL, "What the bus calls the first byte.", NULL},
    {"size", map_get_size, NULL, "In bytes; 0 once closed.", NULL},
    {"closed", map_get_closed, NULL, "Whether the mapping was given back.", NULL},
    {"writable", map_get_writable, NULL, "Whether it was mapped for writing.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef map_methods[] = {
    {"read", VECTOR(map_read), METH_FASTCALL | METH_KEYWORDS,
     "read($self, address, width)\n--\n\nOne load of exactly `width` bits (8, 16, 32 or 64)."},
    {"write", VECTOR(map_write), METH_FASTCALL | METH_KEYWORDS,
     "write($self, address, width, value)\n--\n\nOne store of exactly `width` bits."},
    {"update", VECTOR(map_update), METH_FASTCALL | METH_KEYWORDS,
     "update($self, address, width, *, keep, neutral, mask, value)\n--\n\n"
     "One load, `merge`, one store; returns what was stored. Threads do not come between."},
    {"flush", map_flush, METH_NOARGS,
     "flush($self)\n--\n\nHand what was written to the file behind the mapping (msync)."},
    {"close", map_close, METH_NOARGS,
     "close($self)\n--\n\nGive the mapping back; a second call does nothing."},
    {"__enter__", map_enter, METH_NOARGS, "__enter__($self)\n--\n\n"},
    {"__exit__", VECTOR(map_exit), METH_FASTCALL, "__exit__($self, *exception)\n--\n\n"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot map_slots[] = {
    {Py_tp_doc, "Map(fd, size, *, offset=0, address=0, writable=True, gone=None)\n--\n\n"
                "A shared mapping of a device or file, addressed as the bus addresses it.\n\n"
                "A bus fault raises BusFault, but ends the process in a thread that has blocked\n"
                "SIGSEGV or SIGBUS (signal.pthread_sigmask): no handler runs there."},
    {Py_tp_new, map_new},
    {Py_tp_dealloc, map_dealloc},
    {Py_tp_getset, map_attributes},
    {Py_tp_methods, map_methods},
    {0, NULL},
};

PyType_Spec map_spec = {"regmap._core.Map", sizeof(Map), 0, Py_TPFLAGS_DEFAULT, map_slots};
