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

static bool is_there(const Register *reg)
{
    if (reg->port != NULL)
        return true;
    PyErr_SetString(PyExc_RuntimeError, "the register has no port: Register.__init__ did not run");
    return false;
}

static COLD void raise_nonsense(Register *reg, PyObject *result)
{
    PyObject *path = register_path(reg);
    PyErr_Format(core.BackendError, "%V: the backend returned %S, which does not fit in %d bits",
                 path, "register", result, 8 * reg->spec->bytes);
    Py_XDECREF(path);
}

/* Takes the reference to what the port returned. */
static bool port_result(Register *reg, PyObject *result, uint64_t *value)
{
    if (result == NULL)
        return false;
    enum conversion got = number_of(result, value);
    bool good = got == CONVERTED && *value <= reg->spec->ones;
    if (good)
        *value = turned(reg, *value);
    else if (got != NOT_A_NUMBER)
        raise_nonsense(reg, result);
    Py_DECREF(result);
    return good;
}

bool port_read(Register *reg, uint64_t *value)
{
    if (!is_there(reg))
        return false;
    PyObject *address = PyLong_FromUnsignedLongLong(reg->address);
    PyObject *width = PyLong_FromLong(8 * reg->spec->bytes);
    PyObject *result = address != NULL && width != NULL
        ? PyObject_CallMethodObjArgs(reg->port, core.str_read, address, width, NULL) : NULL;
    Py_XDECREF(address);
    Py_XDECREF(width);
    return port_result(reg, result, value);
}

bool port_write(Register *reg, uint64_t value)
{
    if (!is_there(reg))
        return false;
    PyObject *address = PyLong_FromUnsignedLongLong(reg->address);
    PyObject *width = PyLong_FromLong(8 * reg->spec->bytes);
    PyObject *number = PyLong_FromUnsignedLongLong(turned(reg, value));
    PyObject *result = address != NULL && width != NULL && number != NULL
        ? PyObject_CallMethodObjArgs(reg->port, core.str_write, address, width, number, NULL)
        : NULL;
    Py_XDECREF(address);
    Py_XDECREF(width);
    Py_XDECREF(number);
    Py_XDECREF(result);
    return result != NULL;
}

static bool put(PyObject *keywords, PyObject *name, uint64_t value)
{
    PyObject *number = PyLong_FromUnsignedLongLong(value);
    bool good = number != NULL && PyDict_SetItem(keywords, name, number) == 0;
    Py_XDECREF(number);
    return good;
}

bool port_update(Register *reg, uint64_t mask, uint64_t *value)
{
    const Spec *spec = reg->spec;
    if (!is_there(reg))
        return false;
    PyObject *update = PyObject_GetAttr(reg->port, core.str_update);
    if (update == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError))
            return false;
        PyErr_Clear();
        uint64_t old;
        if (!port_read(reg, &old))
            return false;
        *value = merge(old, spec->keep, spec->neutral, mask, *value);
        return port_write(reg, *value);
    }
    PyObject *result = NULL, *keywords = PyDict_New();
    PyObject *place = Py_BuildValue("(Ki)", (unsigned long long)reg->address, 8 * spec->bytes);
    if (keywords != NULL && place != NULL && put(keywords, core.str_keep, turned(reg, spec->keep))
        && put(keywords, core.str_neutral, turned(reg, spec->neutral))
        && put(keywords, core.str_mask, turned(reg, mask))
        && put(keywords, core.str_value, turned(reg, *value)))
        result = PyObject_Call(update, place, keywords);
    Py_XDECREF(place);
    Py_XDECREF(keywords);
    Py_DECREF(update);
    return port_result(reg, result, value);
}
