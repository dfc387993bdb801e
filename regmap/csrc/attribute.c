/* Attribute access to one register: its fields, `raw`, and the bus access behind them. This is the
 * hot path. Fields come before all other names. What cannot be done right here (conversions,
 * refusals, side effects) is asked of the Python subclass. */
#include "core.h"

#include "access.h"
#include "merge.h"
#include "port.h"

/* ---- the register as a whole --------------------------------------------------------------- */

/* What errors call the register: its `path` where the subclass has one, else its name. */
PyObject *register_path(Register *reg)
{
    PyObject *path = PyObject_GenericGetAttr((PyObject *)reg, core.str_path);
    if (path != NULL && PyUnicode_Check(path))
        return path;
    PyErr_Clear();
    Py_XDECREF(path);
    Py_XINCREF(reg->name);
    return reg->name;
}

static COLD bool refuse(Register *reg, const char *kind)
{
    PyObject *port = reg->port; /* the map; asking for the path runs Python */
    Py_INCREF(port);
    PyObject *path = register_path(reg);
    refuse_access((Map *)port, reg->address, reg->spec->bytes, kind, path);
    Py_XDECREF(path);
    Py_DECREF(port);
    return false;
}

/* `self._fault(address, width, kind)` raises an error of its own, or the plain BusFault follows. */
static COLD bool fault(Register *reg, const char *kind)
{
    PyObject *method = PyObject_GenericGetAttr((PyObject *)reg, core.str__fault);
    if (method != NULL) {
        PyObject *result = PyObject_CallFunction(method, "Kis", (unsigned long long)reg->address,
                                                 8 * reg->spec->bytes, kind);
        Py_DECREF(method);
        if (result == NULL)
            return false;
        Py_DECREF(result);
    }
    PyErr_Clear();
    PyObject *path = register_path(reg);
    raise_fault(reg->address, reg->spec->bytes, kind, path);
    Py_XDECREF(path);
    return false;
}

/* Whether the device is still there after a load that gave nothing. */
static COLD bool there(Register *reg)
{
    int gone = map_gone(reg->map);
    return gone == 0 || (gone > 0 && fault(reg, "read"));
}

static inline bool load(Register *reg, uint64_t *value)
{
    const Spec *spec = reg->spec;
    Map *map = reg->map;
    if (UNLIKELY(map == NULL))
        return port_read(reg, value);
    if (UNLIKELY(reg->offset + spec->bytes > map->size))
        return refuse(reg, "read");
    access_order(reg->context);
    if (UNLIKELY(access_read(map->start + reg->offset, spec->bytes, spec->turn, value)
                 != ACCESS_DONE))
        return fault(reg, "read");
    return LIKELY(map->gone == NULL) || (*value != 0 && *value != spec->ones) || there(reg);
}

static inline bool store(Register *reg, uint64_t value)
{
    const Spec *spec = reg->spec;
    Map *map = reg->map;
    if (UNLIKELY(map == NULL))
        return port_write(reg, value);
    if (UNLIKELY(reg->offset + spec->bytes > map->writable_size))
        return refuse(reg, "write");
    access_order(reg->context);
    if (LIKELY(access_write(map->start + reg->offset, spec->bytes, spec->turn, value)
               == ACCESS_DONE))
        return true;
    return fault(reg, "write");
}

/* One write alone where nothing beside `mask` is to be kept, else one read and one write. */
static inline bool update(Register *reg, uint64_t mask, uint64_t *value, bool always_read)
{
    const Spec *spec = reg->spec;
    Map *map = reg->map;
    if ((spec->keep & (always_read ? UINT64_MAX : ~mask)) == 0) {
        *value = merge(0, 0, spec->neutral, mask, *value);
        return store(reg, *value);
    }
    if (UNLIKELY(map == NULL))
        return port_update(reg, mask, value);
    if (UNLIKELY(reg->offset + spec->bytes > map->writable_size))
        return refuse(reg, "write");
    if (UNLIKELY(map->gone != NULL)) {
        uint64_t old; /* what a device that is gone seems to hold must not be merged */
        if (!load(reg, &old))
            return false;
        *value = merge(old, spec->keep, spec->neutral, mask, *value);
        return store(reg, *value);
    }
    access_order(reg->context);
    enum access_result result = access_update(map->start + reg->offset, spec->bytes, spec->turn,
                                              spec->keep, spec->neutral, mask, value);
    if (LIKELY(result == ACCESS_DONE))
        return true;
    return fault(reg, result == ACCESS_READ_FAULT ? "read" : "write");
}

bool register_load(Register *reg, uint64_t *value)
{
    return load(reg, value);
}

bool register_store(Register *reg, uint64_t value)
{
    return store(reg, value);
}

bool register_update(Register *reg, uint64_t mask, uint64_t *value, bool always_read)
{
    return update(reg, mask, value, always_read);
}

/* ---- fields and `raw` ----------------------------------------------------------------------- */

static inline PyObject *small(uint64_t value)
{
    return LIKELY(value <= LONG_MAX) ? PyLong_FromLong((long)value)
                                     : PyLong_FromUnsignedLongLong(value);
}

static PyObject *member_of(const Field *field, uint64_t value)
{
    PyObject *member = NULL, *number = NULL;
    if (LIKELY(field->by_value != NULL || field->width <= 8)) {
        if (LIKELY(value < field->by_value_count))
            member = field->by_value[value];
    }
    else {
        number = small(value);
        member = number != NULL ? PyDict_GetItemWithError(field->members, number) : NULL;
        if (member == NULL && PyErr_Occurred())
            Py_CLEAR(number);
    }
    if (UNLIKELY(member == NULL)) /* a value without a name stays a number */
        return number != NULL || PyErr_Occurred() ? number : small(value);
    Py_XDECREF(number);
    Py_INCREF(member);
    return member;
}

static COLD PyObject *ask_get(Register *reg, const struct entry *entry)
{
    return PyObject_CallMethodObjArgs((PyObject *)reg, core.str__get_field, entry->field->name,
                                      NULL);
}

static COLD int ask_set(Register *reg, const struct entry *entry, PyObject *object)
{
    if (object == NULL) {
        PyErr_Format(PyExc_AttributeError, "cannot delete the field '%U'", entry->field->name);
        return -1;
    }
    PyObject *result = PyObject_CallMethodObjArgs((PyObject *)reg, core.str__set_field,
                                                  entry->field->name, object, NULL);
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

static ALWAYS_INLINE PyObject *get_field(Register *reg, const struct entry *entry)
{
    uint64_t value;
    if (UNLIKELY(!(entry->flags & FIELD_LOADS) || (reg->map == NULL && reg->by_field)))
        return ask_get(reg, entry);
    if (UNLIKELY(!load(reg, &value)))
        return NULL;
    value = (value >> entry->lsb) & entry->mask;
    return entry->flags & FIELD_MEMBERS ? member_of(entry->field, value) : small(value);
}

static ALWAYS_INLINE int set_field(Register *reg, const struct entry *entry, PyObject *object)
{
    uint64_t value;
    if (UNLIKELY(object == NULL || !(entry->flags & FIELD_STORES) || !number(object, &value)
                 || value > entry->mask || (entry->flags & FIELD_ACTS && value == entry->idle)
                 || (reg->map == NULL && reg->by_field)))
        return ask_set(reg, entry, object);
    value <<= entry->lsb;
    return LIKELY(update(reg, entry->mask << entry->lsb, &value, false)) ? 0 : -1;
}

PyObject *register_get(Register *reg, const struct entry *entry)
{
    return get_field(reg, entry);
}

int register_set(Register *reg, const struct entry *entry, PyObject *value)
{
    return set_field(reg, entry, value);
}

PyObject *register_get_raw(Register *reg)
{
    uint64_t value;
    if (UNLIKELY(!reg->spec->loads))
        return PyObject_CallMethodObjArgs((PyObject *)reg, core.str__get_raw, NULL);
    return LIKELY(load(reg, &value)) ? small(value) : NULL;
}

int register_set_raw(Register *reg, PyObject *object)
{
    uint64_t value;
    if (UNLIKELY(object == NULL)) {
        PyErr_SetString(PyExc_AttributeError, "a register cannot be deleted");
        return -1;
    }
    if (LIKELY(reg->spec->stores && number(object, &value) && value <= reg->spec->ones))
        return LIKELY(store(reg, value)) ? 0 : -1;
    PyObject *result = PyObject_CallMethodObjArgs((PyObject *)reg, core.str__set_raw, object, NULL);
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

/* A name that is not among the interned field names: `raw`, another spelling, anything else. */
static NOINLINE PyObject *get_other(Register *reg, PyObject *name)
{
    if (name == core.str_raw)
        return register_get_raw(reg);
    const struct entry *entry = spec_entry(reg->spec, name);
    if (entry != NULL)
        return register_get(reg, entry);
    return PyErr_Occurred() ? NULL : generic_get((PyObject *)reg, name);
}

static NOINLINE int set_other(Register *reg, PyObject *name, PyObject *value)
{
    if (name == core.str_raw)
        return register_set_raw(reg, value);
    const struct entry *entry = spec_entry(reg->spec, name);
    if (entry != NULL)
        return register_set(reg, entry, value);
    return PyErr_Occurred() ? -1 : generic_set((PyObject *)reg, name, value);
}

PyObject *register_getattro(PyObject *self, PyObject *name)
{
    Register *reg = (Register *)self;
    const struct slot *slot = table_find(reg->table, name);
    if (UNLIKELY(slot == NULL))
        return get_other(reg, name);
    return get_field(reg, (const struct entry *)slot->value);
}

int register_setattro(PyObject *self, PyObject *name, PyObject *value)
{
    Register *reg = (Register *)self;
    const struct slot *slot = table_find(reg->table, name);
    if (UNLIKELY(slot == NULL))
        return set_other(reg, name, value);
    return set_field(reg, (const struct entry *)slot->value, value);
}
