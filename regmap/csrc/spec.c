/* Spec: what a register class is, in numbers. Decides once, for each field, whether an attribute
 * may touch the bus by itself or has to ask Python. */
#include "core.h"

#include "access.h"

/* The entry of any spelling of a name: a string that is not interned is looked up by equality.
 * NULL without an error for a name that is no field. */
const struct entry *spec_entry(Spec *spec, PyObject *name)
{
    const struct slot *slot = table_find(spec->table, name);
    if (slot == NULL) {
        PyObject *field = PyDict_GetItemWithError(spec->fields, name);
        if (field == NULL)
            return NULL;
        slot = table_find(spec->table, ((Field *)field)->name);
    }
    return slot != NULL ? (const struct entry *)slot->value : NULL;
}

static bool spec_enter(Spec *spec, PyObject *name, PyObject *object, struct entry *entry)
{
    if (!PyUnicode_Check(name) || !PyObject_TypeCheck(object, core.Field)) {
        PyErr_SetString(PyExc_TypeError, "fields are a mapping of str to Field");
        return false;
    }
    Field *field = (Field *)object;
    if (field->plain && field->lsb + field->width > 8 * spec->bytes) {
        PyErr_Format(PyExc_ValueError, "field %R does not fit in %d bits", name, 8 * spec->bytes);
        return false;
    }
    PyObject *own = PyUnicode_FromObject(name); /* interning needs an exact str */
    if (own == NULL)
        return false;
    PyUnicode_InternInPlace(&own);
    if (field->name != NULL && field->name != own) {
        PyErr_Format(PyExc_ValueError, "field %R is already called %R", name, field->name);
        Py_DECREF(own);
        return false;
    }
    Py_XDECREF(field->name);
    field->name = own;
    int twice = PyDict_Contains(spec->fields, own); /* the table borrows what it would replace */
    if (twice > 0)
        PyErr_Format(PyExc_ValueError, "the same name %R twice", own);
    if (twice != 0)
        return false;
    if (PyDict_SetItem(spec->fields, own, object) < 0)
        return false;

    bool direct = spec->plain && field->plain;
    uint64_t others = spec->keep & ~(field->mask << field->lsb);
    entry->field = field;
    entry->mask = field->mask;
    entry->lsb = field->lsb;
    if (direct && field->readable && spec->readable)
        entry->flags |= FIELD_LOADS;
    /* A write that has to read first is direct only where reading is harmless. */
    if (direct && field->writable && (others == 0 || spec->readable))
        entry->flags |= FIELD_STORES;
    if (field->members != NULL)
        entry->flags |= FIELD_MEMBERS;
    if (field->acting >= 0) {
        entry->flags |= FIELD_ACTS;
        entry->idle = field->acting == 1 ? 0 : field->mask;
    }
    table_put(spec->table, own, (uintptr_t)entry);
    return true;
}

static bool spec_take_fields(Spec *spec, PyObject *given)
{
    PyObject *copy = PyDict_New(), *name, *field;
    spec->fields = PyDict_New();
    bool good = copy != NULL && spec->fields != NULL
                && (given == NULL || PyDict_Update(copy, given) == 0);
    if (good) {
        size_t count = (size_t)PyDict_Size(copy);
        spec->entries = PyMem_Calloc(count + 1, sizeof *spec->entries);
        if (spec->entries == NULL)
            PyErr_NoMemory();
        good = spec->entries != NULL && table_make(&spec->table, count);
    }
    Py_ssize_t at = 0;
    for (size_t i = 0; good && PyDict_Next(copy, &at, &name, &field); i++)
        good = spec_enter(spec, name, field, &spec->entries[i]);
    Py_XDECREF(copy);
    return good;
}

static PyObject *spec_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"width", "keep", "neutral", "big_endian", "readable", "writable",
                            "plain", "fields", NULL};
    int width = 0, big_endian = 0, readable = 1, writable = 1, plain = 1;
    PyObject *keep = NULL, *neutral = NULL, *fields = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|$iOOppppO:Spec", names, &width, &keep,
                                     &neutral, &big_endian, &readable, &writable, &plain, &fields))
        return NULL;
    if (width != 8 && width != 16 && width != 32 && width != 64) {
        PyErr_Format(PyExc_ValueError, "a width of %d bits; it must be 8, 16, 32 or 64", width);
        return NULL;
    }
    uint64_t kept = 0, idle = 0, ones = UINT64_MAX >> (64 - width);
    enum conversion got = keep != NULL ? number_of(keep, &kept) : CONVERTED;
    if (got == CONVERTED)
        got = neutral != NULL ? number_of(neutral, &idle) : CONVERTED;
    if (got == NOT_A_NUMBER)
        return NULL;
    if (got == OUT_OF_RANGE || kept > ones || idle > ones || (kept & idle) != 0) {
        PyErr_Format(PyExc_ValueError, "keep and neutral must fit in %d bits and share none",
                     width);
        return NULL;
    }
    Spec *spec = (Spec *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (spec == NULL)
        return NULL;
    spec->bytes = (uint8_t)(width / 8);
    spec->ones = ones;
    spec->keep = kept;
    spec->neutral = idle;
    spec->big_endian = big_endian;
    spec->turn = access_turned(big_endian) && width > 8;
    spec->readable = readable;
    spec->writable = writable;
    spec->plain = plain;
    spec->loads = plain && readable;
    spec->stores = plain && writable;
    if (!spec_take_fields(spec, fields)) {
        Py_DECREF(spec);
        return NULL;
    }
    return (PyObject *)spec;
}

static int spec_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((Spec *)self)->fields);
    return 0;
}

/* No tp_clear, for the reasons given at Field. */
static void spec_dealloc(PyObject *self)
{
    Spec *spec = (Spec *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    PyMem_Free(spec->table.slots);
    PyMem_Free(spec->entries);
    Py_CLEAR(spec->fields);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

#define GETTER(what, expression)                                                                  \
    static PyObject *spec_get_##what(PyObject *self, void *unused)                                \
    {                                                                                             \
        Spec *spec = (Spec *)self;                                                                \
        (void)unused;                                                                             \
        return expression;                                                                        \
    }

GETTER(width, PyLong_FromLong(8 * spec->bytes))
GETTER(keep, PyLong_FromUnsignedLongLong(spec->keep))
GETTER(neutral, PyLong_FromUnsignedLongLong(spec->neutral))
GETTER(big_endian, PyBool_FromLong(spec->big_endian))
GETTER(readable, PyBool_FromLong(spec->readable))
GETTER(writable, PyBool_FromLong(spec->writable))
GETTER(plain, PyBool_FromLong(spec->plain))
GETTER(fields, proxy_of_copy(spec->fields))

static PyGetSetDef spec_attributes[] = {
    {"width", spec_get_width, NULL, "In bits.", NULL},
    {"keep", spec_get_keep, NULL, "Bits that a write elsewhere returns as they were read.", NULL},
    {"neutral", spec_get_neutral, NULL, "Bits that a write elsewhere sets to 1.", NULL},
    {"big_endian", spec_get_big_endian, NULL, "Whether the most significant byte is first.", NULL},
    {"readable", spec_get_readable, NULL, "Whether an attribute may load the register.", NULL},
    {"writable", spec_get_writable, NULL, "Whether an attribute may store the register.", NULL},
    {"plain", spec_get_plain, NULL, "Whether attributes touch the bus by themselves.", NULL},
    {"fields", spec_get_fields, NULL, "Field by name, in the order given.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot spec_slots[] = {
    {Py_tp_doc, "Spec(*, width, keep=0, neutral=0, big_endian=False, readable=True, "
                "writable=True, plain=True, fields={})\n--\n\n"
                "What a register class is, in numbers. Immutable."},
    {Py_tp_new, spec_new},
    {Py_tp_dealloc, spec_dealloc},
    {Py_tp_traverse, spec_traverse},
    {Py_tp_getset, spec_attributes},
    {0, NULL},
};

PyType_Spec spec_spec = {"regmap._core.Spec", sizeof(Spec), 0,
                         Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, spec_slots};
