/* Field: one field of a register class, as a data descriptor. How it is read and written from an
 * attribute is decided by the Spec that takes it and done in register.c. */
#include "core.h"

/* Narrow fields find their members in an array; wider ones would waste it. */
#define WIDEST_ARRAY 8

static int field_clear_members(Field *field)
{
    PyMem_Free(field->by_value);
    field->by_value = NULL;
    field->by_value_count = 0;
    Py_CLEAR(field->members);
    return 0;
}

/* Copies value -> member, and lays it out as an array where that is small. */
static bool field_take_members(Field *field, PyObject *members)
{
    field->members = PyDict_New();
    if (field->members == NULL || PyDict_Update(field->members, members) < 0)
        return false;
    PyObject *key, *member;
    Py_ssize_t at = 0;
    uint64_t value;
    size_t count = 0;
    while (PyDict_Next(field->members, &at, &key, &member)) {
        if (!number(key, &value) || value > field->mask) {
            PyObject *text = shown(key);
            PyErr_Format(PyExc_ValueError, "a member's value %V does not fit in %d bits", text,
                         HUGE_NUMBER, (int)field->width);
            Py_XDECREF(text);
            return false;
        }
        if (value + 1 > count)
            count = (size_t)value + 1;
    }
    if (field->width > WIDEST_ARRAY || count == 0)
        return true;
    field->by_value = PyMem_Calloc(count, sizeof *field->by_value);
    if (field->by_value == NULL) {
        PyErr_NoMemory();
        return false;
    }
    field->by_value_count = count;
    at = 0;
    while (PyDict_Next(field->members, &at, &key, &member))
        if (number(key, &value))
            field->by_value[value] = member;
    return true;
}

static PyObject *field_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"lsb", "width", "readable", "writable", "acting", "members", "plain",
                            "info", NULL};
    int lsb, width, readable = 1, writable = 1, plain = 1;
    PyObject *acting = Py_None, *members = Py_None, *info = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "ii|$ppOOpO:Field", names, &lsb, &width,
                                     &readable, &writable, &acting, &members, &plain, &info))
        return NULL;
    if (lsb < 0 || lsb > 63 || width < 1 || width > 64 || (plain && lsb + width > 64)) {
        PyErr_Format(PyExc_ValueError, "no field of %d bits from bit %d in 64", width, lsb);
        return NULL;
    }
    long acts = -1;
    if (acting != Py_None) {
        acts = PyLong_AsLong(acting);
        if (acts == -1 && PyErr_Occurred())
            return NULL;
        if (acts != 0 && acts != 1) {
            PyErr_SetString(PyExc_ValueError, "acting is 0, 1 or None");
            return NULL;
        }
    }
    Field *field = (Field *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (field == NULL)
        return NULL;
    field->lsb = (uint8_t)lsb;
    field->width = (uint8_t)width;
    field->mask = UINT64_MAX >> (64 - width);
    field->readable = readable;
    field->writable = writable;
    field->plain = plain;
    field->acting = (int8_t)acts;
    if (info != Py_None) {
        Py_INCREF(info);
        field->info = info;
    }
    if (members != Py_None && !field_take_members(field, members)) {
        Py_DECREF(field);
        return NULL;
    }
    return (PyObject *)field;
}

static int field_traverse(PyObject *self, visitproc visit, void *arg)
{
    Field *field = (Field *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(field->info);
    Py_VISIT(field->members);
    return 0;
}

/* There is no tp_clear: a Field never changes, so a cycle through it also goes through something
 * that can be cleared, and a register on its way out may still use it. */
static void field_dealloc(PyObject *self)
{
    Field *field = (Field *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    field_clear_members(field);
    Py_CLEAR(field->info);
    Py_CLEAR(field->name);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

/* ---- the descriptor ------------------------------------------------------------------------ */

/* What `register`'s class made of this field, or NULL with an error. */
static const struct entry *field_entry(Field *field, PyObject *owner)
{
    if (field->name != NULL && PyObject_TypeCheck(owner, core.Register)) {
        const struct entry *entry = spec_entry(((Register *)owner)->spec, field->name);
        if (entry != NULL && entry->field == field)
            return entry;
        if (entry == NULL && PyErr_Occurred())
            return NULL;
    }
    PyErr_Format(PyExc_TypeError, "this is no field of %R", Py_TYPE(owner));
    return NULL;
}

static PyObject *field_get(PyObject *self, PyObject *owner, PyObject *type)
{
    Field *field = (Field *)self;
    (void)type;
    if (owner == NULL || owner == Py_None) {
        PyObject *info = field->info != NULL ? field->info : self;
        Py_INCREF(info);
        return info;
    }
    const struct entry *entry = field_entry(field, owner);
    return entry != NULL ? register_get((Register *)owner, entry) : NULL;
}

static int field_set(PyObject *self, PyObject *owner, PyObject *value)
{
    const struct entry *entry = field_entry((Field *)self, owner);
    return entry != NULL ? register_set((Register *)owner, entry, value) : -1;
}

/* ---- the type ------------------------------------------------------------------------------ */

#define GETTER(what, expression)                                                                  \
    static PyObject *field_get_##what(PyObject *self, void *unused)                               \
    {                                                                                             \
        Field *field = (Field *)self;                                                             \
        (void)unused;                                                                             \
        return expression;                                                                        \
    }

static PyObject *new_reference(PyObject *object)
{
    object = object != NULL ? object : Py_None;
    Py_INCREF(object);
    return object;
}

GETTER(lsb, PyLong_FromLong(field->lsb))
GETTER(width, PyLong_FromLong(field->width))
GETTER(mask, PyLong_FromUnsignedLongLong(field->mask << field->lsb))
GETTER(readable, PyBool_FromLong(field->readable))
GETTER(writable, PyBool_FromLong(field->writable))
GETTER(plain, PyBool_FromLong(field->plain))
GETTER(acting, field->acting < 0 ? new_reference(NULL) : PyLong_FromLong(field->acting))
GETTER(name, new_reference(field->name))
GETTER(info, new_reference(field->info))
GETTER(members, field->members != NULL ? proxy_of_copy(field->members) : new_reference(NULL))

static PyGetSetDef field_attributes[] = {
    {"lsb", field_get_lsb, NULL, "The lowest bit.", NULL},
    {"width", field_get_width, NULL, "In bits.", NULL},
    {"mask", field_get_mask, NULL, "The field's bits in register position.", NULL},
    {"readable", field_get_readable, NULL, "Whether an attribute may load it directly.", NULL},
    {"writable", field_get_writable, NULL, "Whether an attribute may store it directly.", NULL},
    {"plain", field_get_plain, NULL, "Whether it is one run of bits without conditions.", NULL},
    {"acting", field_get_acting, NULL, "The bit value that acts when written, or None.", NULL},
    {"name", field_get_name, NULL, "Its name in the Spec that took it, or None.", NULL},
    {"info", field_get_info, NULL, "What the class gives for the field.", NULL},
    {"members", field_get_members, NULL, "Enum members by value, or None.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot field_slots[] = {
    {Py_tp_doc, "Field(lsb, width, *, readable=True, writable=True, acting=None, members=None, "
                "plain=True, info=None)\n--\n\n"
                "A field of a register class. Immutable but for the name its Spec gives it."},
    {Py_tp_new, field_new},
    {Py_tp_dealloc, field_dealloc},
    {Py_tp_traverse, field_traverse},
    {Py_tp_descr_get, field_get},
    {Py_tp_descr_set, field_set},
    {Py_tp_getset, field_attributes},
    {0, NULL},
};

PyType_Spec field_spec = {"regmap._core.Field", sizeof(Field), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, field_slots};
