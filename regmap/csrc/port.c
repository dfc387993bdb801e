/* The way to a register through a port that is no mapping: any object with `read` and `write`,
 * and perhaps an `update` of its own (backends/base.py). */
#include "core.h"

#include "access.h"
#include "merge.h"
#include "port.h"

static uint64_t turned(const Register *reg, uint64_t value)
{
    /* Ports count little-endian on every host, so this is not `spec->turn`. */
    return reg->spec->big_endian ? access_swap(value, reg->spec->bytes) : value;
}

/* The port, held for the whole call: Python runs in it, and may give the register another one by
 * running `__init__` again. The address is taken before that for the same reason. */
static PyObject *held_port(const Register *reg)
{
    if (reg->port == NULL)
        PyErr_SetString(PyExc_RuntimeError,
                        "the register has no port: Register.__init__ did not run");
    Py_XINCREF(reg->port);
    return reg->port;
}

static COLD void raise_nonsense(Register *reg, PyObject *result, bool is_number)
{
    PyObject *path = register_path(reg);
    PyObject *text = shown(result);
    if (is_number)
        PyErr_Format(core.BackendError,
                     "%V: the backend returned %V, which does not fit in %d bits", path,
                     "register", text, HUGE_NUMBER, 8 * reg->spec->bytes);
    else
        PyErr_Format(core.BackendError, "%V: the backend returned %V, which is no number", path,
                     "register", text, "an object");
    Py_XDECREF(text);
    Py_XDECREF(path);
}

/* Takes the reference to what the port returned. An error from its __index__ stays as it is. */
static bool port_result(Register *reg, PyObject *result, uint64_t *value)
{
    if (result == NULL)
        return false;
    bool is_number = PyIndex_Check(result);
    enum conversion got = is_number ? number_of(result, value) : OUT_OF_RANGE;
    bool good = got == CONVERTED && *value <= reg->spec->ones;
    if (good)
        *value = turned(reg, *value);
    else if (got != NOT_A_NUMBER)
        raise_nonsense(reg, result, is_number);
    Py_DECREF(result);
    return good;
}

static bool read_from(Register *reg, PyObject *port, uint64_t where, uint64_t *value)
{
    PyObject *address = PyLong_FromUnsignedLongLong(where);
    PyObject *width = PyLong_FromLong(8 * reg->spec->bytes);
    PyObject *result = address != NULL && width != NULL
        ? PyObject_CallMethodObjArgs(port, core.str_read, address, width, NULL) : NULL;
    Py_XDECREF(address);
    Py_XDECREF(width);
    return port_result(reg, result, value);
}

static bool write_to(Register *reg, PyObject *port, uint64_t where, uint64_t value)
{
    PyObject *address = PyLong_FromUnsignedLongLong(where);
    PyObject *width = PyLong_FromLong(8 * reg->spec->bytes);
    PyObject *number = PyLong_FromUnsignedLongLong(turned(reg, value));
    PyObject *result = address != NULL && width != NULL && number != NULL
        ? PyObject_CallMethodObjArgs(port, core.str_write, address, width, number, NULL) : NULL;
    Py_XDECREF(address);
    Py_XDECREF(width);
    Py_XDECREF(number);
    Py_XDECREF(result);
    return result != NULL;
}

bool port_read(Register *reg, uint64_t *value)
{
    PyObject *port = held_port(reg);
    bool good = port != NULL && read_from(reg, port, reg->address, value);
    Py_XDECREF(port);
    return good;
}

bool port_write(Register *reg, uint64_t value)
{
    PyObject *port = held_port(reg);
    bool good = port != NULL && write_to(reg, port, reg->address, value);
    Py_XDECREF(port);
    return good;
}

static bool put(PyObject *keywords, PyObject *name, uint64_t value)
{
    PyObject *number = PyLong_FromUnsignedLongLong(value);
    bool good = number != NULL && PyDict_SetItem(keywords, name, number) == 0;
    Py_XDECREF(number);
    return good;
}

/* One read and one write through a port that has no `update`. */
static bool update_apart(Register *reg, PyObject *port, uint64_t where, uint64_t mask,
                         uint64_t *value)
{
    uint64_t old;
    if (!read_from(reg, port, where, &old))
        return false;
    *value = merge(old, reg->spec->keep, reg->spec->neutral, mask, *value);
    return write_to(reg, port, where, *value);
}

static bool update_by(Register *reg, PyObject *update, uint64_t where, uint64_t mask,
                      uint64_t *value)
{
    const Spec *spec = reg->spec;
    PyObject *result = NULL, *keywords = PyDict_New();
    PyObject *place = Py_BuildValue("(Ki)", (unsigned long long)where, 8 * spec->bytes);
    if (keywords != NULL && place != NULL && put(keywords, core.str_keep, turned(reg, spec->keep))
        && put(keywords, core.str_neutral, turned(reg, spec->neutral))
        && put(keywords, core.str_mask, turned(reg, mask))
        && put(keywords, core.str_value, turned(reg, *value)))
        result = PyObject_Call(update, place, keywords);
    Py_XDECREF(place);
    Py_XDECREF(keywords);
    return port_result(reg, result, value);
}

bool port_update(Register *reg, uint64_t mask, uint64_t *value)
{
    uint64_t where = reg->address;
    PyObject *port = held_port(reg);
    if (port == NULL)
        return false;
    bool good = false;
    PyObject *update = PyObject_GetAttr(port, core.str_update);
    if (update != NULL)
        good = update_by(reg, update, where, mask, value);
    else if (PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        good = update_apart(reg, port, where, mask, value);
    }
    Py_XDECREF(update);
    Py_DECREF(port);
    return good;
}
