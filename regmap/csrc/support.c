/* What every type of the core needs: the name table, numbers, arguments, errors, and attribute
 * access for names that are not in a table. All of it off the hot path. */
#include <inttypes.h>
#include <stdio.h>

#include "core.h"

/* ---- the name table ------------------------------------------------------------------------ */

bool table_make(struct table *table, size_t count)
{
    size_t size = 2;
    while (size < 4 * count)
        size *= 2;
    table->slots = PyMem_Calloc(size, sizeof *table->slots);
    table->mask = size - 1;
    if (table->slots == NULL)
        PyErr_NoMemory();
    return table->slots != NULL;
}

/* Enters a name that is not in the table; the owner keeps it alive. */
void table_put(struct table table, PyObject *name, uintptr_t value)
{
    size_t i = table_start(table, name);
    while (table.slots[i].name != NULL)
        i = (i + 1) & table.mask;
    table.slots[i] = (struct slot){name, value};
}

/* ---- numbers ------------------------------------------------------------------------------- */

bool number_large(PyObject *object, uint64_t *value)
{
    unsigned long long got = PyLong_AsUnsignedLongLong(object);
    if (got == (unsigned long long)-1 && PyErr_Occurred()) {
        PyErr_Clear();
        return false;
    }
    *value = got;
    return true;
}

enum conversion number_of(PyObject *object, uint64_t *value)
{
    if (number(object, value))
        return CONVERTED;
    PyObject *index = PyNumber_Index(object);
    if (index == NULL)
        return NOT_A_NUMBER;
    bool fits = number(index, value);
    Py_DECREF(index);
    return fits ? CONVERTED : OUT_OF_RANGE;
}

/* PyErr_Format learnt %llx only in 3.12. */
const char *hex(char buffer[HEX_SIZE], uint64_t value)
{
    snprintf(buffer, HEX_SIZE, "0x%" PRIx64, value);
    return buffer;
}

/* ---- what others see ------------------------------------------------------------------------ */

PyObject *proxy_of_copy(PyObject *dict)
{
    PyObject *copy = PyDict_Copy(dict);
    PyObject *proxy = copy != NULL ? PyDictProxy_New(copy) : NULL;
    Py_XDECREF(copy);
    return proxy;
}

/* ---- what callers of read, write and update ask for ------------------------------------------ */

bool access_wanted(PyObject *where, PyObject *width, uint64_t *address, unsigned *bytes)
{
    uint64_t bits;
    enum conversion got = number_of(width, &bits);
    if (got == NOT_A_NUMBER)
        return false;
    if (got == OUT_OF_RANGE || (bits != 8 && bits != 16 && bits != 32 && bits != 64)) {
        PyObject *text = shown(width);
        PyErr_Format(core.BadAddress, "a width of %V bits; it must be 8, 16, 32 or 64", text,
                     HUGE_NUMBER);
        Py_XDECREF(text);
        return false;
    }
    *bytes = (unsigned)bits / 8;
    got = number_of(where, address);
    if (got == OUT_OF_RANGE) {
        PyObject *text = shown(where);
        PyErr_Format(core.BadAddress, "%V is no address of 64 bits", text, HUGE_NUMBER);
        Py_XDECREF(text);
    }
    return got == CONVERTED;
}

bool value_wanted(PyObject *object, unsigned bytes, const char *what, uint64_t *value)
{
    enum conversion got = number_of(object, value);
    if (got == NOT_A_NUMBER)
        return false;
    if (got == CONVERTED && *value <= UINT64_MAX >> (64 - 8 * bytes))
        return true;
    PyObject *path = PyUnicode_FromString(what);
    if (path != NULL) {
        raise_misfit(path, object, 8 * bytes);
        Py_DECREF(path);
    }
    return false;
}

/* ---- errors -------------------------------------------------------------------------------- */

PyObject *shown(PyObject *object)
{
    PyObject *text = PyObject_Repr(object);
    if (text == NULL)
        PyErr_Clear();
    return text;
}

bool refuse_access(Map *map, uint64_t address, unsigned bytes, const char *kind, PyObject *path)
{
    char at[HEX_SIZE], first[HEX_SIZE], size[HEX_SIZE];
    hex(at, address);
    PyObject *where = path != NULL ? PyUnicode_FromFormat("%U: ", path) : PyUnicode_FromString("");
    if (where == NULL)
        return false;
    unsigned width = bytes * 8;
    uint64_t offset = address - map->address;
    if (map->closed)
        PyErr_Format(core.ClosedError, "%U%u-bit %s at %s after the mapping was closed", where,
                     width, kind, at);
    else if (bytes > sizeof(void *))
        PyErr_Format(core.BadAddress, "%U%u-bit %s at %s is more than one access on this machine",
                     where, width, kind, at);
    else if (address % bytes != 0 || offset % bytes != 0)
        PyErr_Format(core.BadAddress, "%U%u-bit %s at %s is not aligned to %u bytes", where, width,
                     kind, at, bytes);
    else if (offset >= map->size || map->size - offset < bytes)
        PyErr_Format(core.BadAddress,
                     "%U%u-bit %s at %s is outside of the mapping (%s bytes at %s)", where, width,
                     kind, at, hex(size, map->size), hex(first, map->address));
    else
        PyErr_Format(core.BadAddress, "%U%u-bit %s at %s: the mapping is read-only", where, width,
                     kind, at);
    Py_DECREF(where);
    return false;
}

bool raise_fault(uint64_t address, unsigned bytes, const char *kind, PyObject *path)
{
    char at[HEX_SIZE];
    PyObject *arguments = NULL, *error = NULL;
    PyObject *number = PyLong_FromUnsignedLongLong(address);
    PyObject *text = path != NULL
        ? PyUnicode_FromFormat("%U: the bus faulted on a %u-bit %s at %s", path, bytes * 8, kind,
                               hex(at, address))
        : PyUnicode_FromFormat("the bus faulted on a %u-bit %s at %s", bytes * 8, kind,
                               hex(at, address));
    PyObject *keywords = PyDict_New();
    if (number == NULL || text == NULL || keywords == NULL
        || PyDict_SetItem(keywords, core.str_address, number) < 0
        || (path != NULL && PyDict_SetItem(keywords, core.str_path, path) < 0))
        goto done;
    arguments = PyTuple_Pack(1, text);
    if (arguments == NULL)
        goto done;
    error = PyObject_Call(core.BusFault, arguments, keywords);
    if (error != NULL)
        PyErr_SetObject(core.BusFault, error);
done:
    Py_XDECREF(number);
    Py_XDECREF(text);
    Py_XDECREF(keywords);
    Py_XDECREF(arguments);
    Py_XDECREF(error);
    return false;
}

bool raise_misfit(PyObject *path, PyObject *value, unsigned width)
{
    PyObject *error = PyObject_CallFunction(core.ValueDoesNotFit, "OOIK", path, value, width,
                                            (unsigned long long)(UINT64_MAX >> (64 - width)));
    if (error != NULL) {
        PyErr_SetObject(core.ValueDoesNotFit, error);
        Py_DECREF(error);
    }
    return false;
}

/* ---- arguments ----------------------------------------------------------------------------- */

static bool argument_by_name(const char *function, PyObject *keyword, PyObject *given,
                             const char *const *names, PyObject **values)
{
    for (int i = 0; names[i] != NULL; i++)
        if (PyUnicode_CompareWithASCIIString(keyword, names[i]) == 0) {
            if (values[i] != NULL) {
                PyErr_Format(PyExc_TypeError, "%s() got two values for '%s'", function, names[i]);
                return false;
            }
            values[i] = given;
            return true;
        }
    PyErr_Format(PyExc_TypeError, "%s() has no argument '%U'", function, keyword);
    return false;
}

bool arguments(const char *function, PyObject *const *args, Py_ssize_t count, PyObject *keywords,
               const char *const *names, int positional, int required, PyObject **values)
{
    if (count > positional) {
        PyErr_Format(PyExc_TypeError, "%s() takes at most %d positional arguments (%zd given)",
                     function, positional, count);
        return false;
    }
    for (int i = 0; names[i] != NULL; i++)
        values[i] = i < count ? args[i] : NULL;
    Py_ssize_t named = keywords != NULL ? PyTuple_Size(keywords) : 0;
    for (Py_ssize_t i = 0; i < named; i++)
        if (!argument_by_name(function, PyTuple_GetItem(keywords, i), args[count + i], names,
                              values))
            return false;
    for (int i = 0; i < required; i++)
        if (values[i] == NULL) {
            PyErr_Format(PyExc_TypeError, "%s() needs the argument '%s'", function, names[i]);
            return false;
        }
    return true;
}

/* ---- names that are in no table ------------------------------------------------------------ */

/* Whether a class in the order of resolution defines the name; runs no descriptor. */
static int class_has(PyObject *self, PyObject *name)
{
    PyObject *order = PyObject_GetAttr((PyObject *)Py_TYPE(self), core.str___mro__);
    if (order == NULL)
        return -1;
    int found = 0;
    for (Py_ssize_t i = 0; found == 0 && i < PyTuple_Size(order); i++) {
        PyObject *names = PyObject_GetAttr(PyTuple_GetItem(order, i), core.str___dict__);
        found = names != NULL ? PySequence_Contains(names, name) : -1;
        Py_XDECREF(names);
    }
    Py_DECREF(order);
    return found;
}

/* Private names and protocols that look for dunders are no misspelt registers. */
static bool is_private(PyObject *name)
{
    return PyUnicode_GetLength(name) > 0 && PyUnicode_ReadChar(name, 0) == '_';
}

/* Lets `self._unknown(name)` replace the AttributeError that is set. */
static PyObject *unknown(PyObject *self, PyObject *name)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *method = PyObject_GenericGetAttr(self, core.str__unknown);
    if (method == NULL) {
        PyErr_Restore(type, value, traceback); /* drops the error of the lookup */
        return NULL;
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    PyObject *result = PyObject_CallFunctionObjArgs(method, name, NULL);
    Py_DECREF(method);
    return result;
}

/* As object's own, but `_unknown` says what is wrong with a name that is nowhere. An
 * AttributeError from inside a property stays as it is. */
PyObject *generic_get(PyObject *self, PyObject *name)
{
    PyObject *found = PyObject_GenericGetAttr(self, name);
    if (found != NULL || !PyErr_ExceptionMatches(PyExc_AttributeError) || is_private(name))
        return found;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    int defined = class_has(self, name);
    if (defined < 0) {
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
        return NULL;
    }
    PyErr_Restore(type, value, traceback);
    return defined ? NULL : unknown(self, name);
}

/* As object's own for what is there already and for private names; a new public name would be a
 * misspelt register. The class stays: the object keeps the Spec or Names of the one it was made
 * by. */
int generic_set(PyObject *self, PyObject *name, PyObject *value)
{
    if (PyUnicode_CompareWithASCIIString(name, "__class__") == 0) {
        PyErr_Format(PyExc_TypeError, "the class of %R is for good", Py_TYPE(self));
        return -1;
    }
    if (is_private(name))
        return PyObject_GenericSetAttr(self, name, value);
    PyObject *shown = PyObject_GetAttr((PyObject *)Py_TYPE(self), name); /* the short way */
    if (shown == NULL)
        PyErr_Clear();
    Py_XDECREF(shown);
    int defined = shown != NULL ? 1 : class_has(self, name);
    if (defined < 0)
        return -1;
    if (defined)
        return PyObject_GenericSetAttr(self, name, value);
    PyObject *there = PyObject_GenericGetAttr(self, name);
    if (there != NULL) {
        Py_DECREF(there);
        return PyObject_GenericSetAttr(self, name, value);
    }
    if (!PyErr_ExceptionMatches(PyExc_AttributeError))
        return -1;
    there = unknown(self, name);
    if (there != NULL) {
        Py_DECREF(there);
        PyErr_Format(PyExc_AttributeError, "cannot set '%U'", name);
    }
    return -1;
}
