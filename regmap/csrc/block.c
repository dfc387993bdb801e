/* Names: the member names of a block class. Block: attribute access to those members, each made
 * by Python when it is first asked for. */
#include "core.h"

/* ---- Names --------------------------------------------------------------------------------- */

static bool names_enter(Names *names, PyObject *given)
{
    Py_ssize_t place = 0;
    PyObject *iterator = PyObject_GetIter(given), *item;
    if (iterator == NULL)
        return false;
    while ((item = PyIter_Next(iterator)) != NULL) {
        PyObject *name = PyUnicode_FromObject(item); /* interning needs an exact str */
        Py_DECREF(item);
        PyObject *number = name != NULL ? PyLong_FromSsize_t(place++) : NULL;
        bool good = number != NULL;
        if (good) {
            PyUnicode_InternInPlace(&name);
            good = PyDict_SetItem(names->places, name, number) == 0;
        }
        Py_XDECREF(name);
        Py_XDECREF(number);
        if (!good)
            break;
    }
    Py_DECREF(iterator);
    if (PyErr_Occurred())
        return false;
    if (PyDict_Size(names->places) == place)
        return true;
    PyErr_SetString(PyExc_ValueError, "the same name twice");
    return false;
}

static PyObject *names_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *words[] = {"names", NULL};
    PyObject *given, *name, *unused;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O:Names", words, &given))
        return NULL;
    Names *names = (Names *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (names == NULL)
        return NULL;
    names->places = PyDict_New();
    if (names->places == NULL || !names_enter(names, given)
        || !table_make(&names->table, (size_t)PyDict_Size(names->places))) {
        Py_DECREF(names);
        return NULL;
    }
    Py_ssize_t at = 0;
    for (size_t place = 0; PyDict_Next(names->places, &at, &name, &unused); place++)
        table_put(names->table, name, place);
    return (PyObject *)names;
}

/* Holds strings and ints only, so it can be in no cycle and the collector need not know it. */
static void names_dealloc(PyObject *self)
{
    Names *names = (Names *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyMem_Free(names->table.slots);
    Py_CLEAR(names->places);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static Py_ssize_t names_length(PyObject *self)
{
    return PyDict_Size(((Names *)self)->places);
}

static int names_contains(PyObject *self, PyObject *name)
{
    return PyDict_Contains(((Names *)self)->places, name);
}

/* Over a list of its own: an iterator of the dict would lead the collector's tools to the dict. */
static PyObject *names_iter(PyObject *self)
{
    PyObject *keys = PyDict_Keys(((Names *)self)->places);
    PyObject *iterator = keys != NULL ? PyObject_GetIter(keys) : NULL;
    Py_XDECREF(keys);
    return iterator;
}

static PyType_Slot names_slots[] = {
    {Py_tp_doc, "Names(names)\n--\n\n"
                "The member names of a block class, in order. Immutable, shared by its instances."},
    {Py_tp_new, names_new},
    {Py_tp_dealloc, names_dealloc},
    {Py_tp_iter, names_iter},
    {Py_sq_length, names_length},
    {Py_sq_contains, names_contains},
    {0, NULL},
};

PyType_Spec names_spec = {"regmap._core.Names", sizeof(Names), 0, Py_TPFLAGS_DEFAULT, names_slots};

/* ---- members of a Block -------------------------------------------------------------------- */

/* The place of any spelling of a name, or -1; check PyErr_Occurred. */
static Py_ssize_t names_place(Names *names, PyObject *name)
{
    PyObject *place = PyDict_GetItemWithError(names->places, name);
    return place != NULL ? PyLong_AsSsize_t(place) : -1;
}

/* Asks `self._make(name)` for a member that nobody asked for before. Another thread may have
 * been faster; then its object counts, because a member is one object for good. */
static COLD struct member *block_make(Block *block, size_t place, PyObject *name)
{
    PyObject *made = PyObject_CallMethodObjArgs((PyObject *)block, core.str__make, name, NULL);
    if (made == NULL)
        return NULL;
    struct member *member = &block->members[place];
    if (member->object != NULL) {
        Py_DECREF(made);
        return member;
    }
    member->object = made;
    member->reg = PyObject_TypeCheck(made, core.Register) ? (Register *)made : NULL;
    return member;
}

static ALWAYS_INLINE PyObject *get_member(Block *block, size_t place, PyObject *name)
{
    struct member *member = &block->members[place];
    if (UNLIKELY(member->object == NULL)) {
        member = block_make(block, place, name);
        if (member == NULL)
            return NULL;
    }
    Py_INCREF(member->object);
    return member->object;
}

static ALWAYS_INLINE int set_member(Block *block, size_t place, PyObject *name, PyObject *value)
{
    struct member *member = &block->members[place];
    if (UNLIKELY(value == NULL)) {
        PyErr_Format(PyExc_AttributeError, "cannot delete '%U'", name);
        return -1;
    }
    if (UNLIKELY(member->object == NULL)) {
        member = block_make(block, place, name);
        if (member == NULL)
            return -1;
    }
    Register *reg = member->reg;
    if (LIKELY(reg != NULL)) {
        /* Python may run under the store; it must not take the register away. */
        Py_INCREF((PyObject *)reg);
        int result = register_set_raw(reg, value);
        Py_DECREF((PyObject *)reg);
        return result;
    }
    PyObject *result = PyObject_CallMethodObjArgs((PyObject *)block, core.str__set_member, name,
                                                  value, NULL);
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

/* A name that is not among the interned member names: another spelling, or anything else. */
static NOINLINE PyObject *get_other(Block *block, PyObject *name)
{
    Py_ssize_t place = names_place(block->names, name);
    if (place >= 0)
        return get_member(block, (size_t)place, name);
    return PyErr_Occurred() ? NULL : generic_get((PyObject *)block, name);
}

static NOINLINE int set_other(Block *block, PyObject *name, PyObject *value)
{
    Py_ssize_t place = names_place(block->names, name);
    if (place >= 0)
        return set_member(block, (size_t)place, name, value);
    return PyErr_Occurred() ? -1 : generic_set((PyObject *)block, name, value);
}

static PyObject *block_getattro(PyObject *self, PyObject *name)
{
    Block *block = (Block *)self;
    const struct slot *slot = table_find(block->table, name);
    if (UNLIKELY(slot == NULL))
        return get_other(block, name);
    return get_member(block, slot->value, name);
}

static int block_setattro(PyObject *self, PyObject *name, PyObject *value)
{
    Block *block = (Block *)self;
    const struct slot *slot = table_find(block->table, name);
    if (UNLIKELY(slot == NULL))
        return set_other(block, name, value);
    return set_member(block, slot->value, name, value);
}

/* ---- life ---------------------------------------------------------------------------------- */

static PyObject *block_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    (void)args, (void)keywords;
    PyObject *names = PyObject_GetAttr((PyObject *)type, core.str_NAMES);
    if (names == NULL || !Py_IS_TYPE(names, core.Names)) {
        PyErr_Clear();
        Py_XDECREF(names);
        PyErr_Format(PyExc_TypeError, "%R is no block: it has no NAMES", type);
        return NULL;
    }
    Block *block = (Block *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (block == NULL) {
        Py_DECREF(names);
        return NULL;
    }
    block->names = (Names *)names;
    block->table = block->names->table;
    size_t count = (size_t)names_length(names);
    block->members = PyMem_Calloc(count + 1, sizeof *block->members);
    if (block->members == NULL) {
        PyErr_NoMemory();
        Py_DECREF(block);
        return NULL;
    }
    block->count = count;
    return (PyObject *)block;
}

static int block_init(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *words[] = {NULL};
    (void)self;
    return PyArg_ParseTupleAndKeywords(args, keywords, ":Block", words) ? 0 : -1;
}

static int block_traverse(PyObject *self, visitproc visit, void *arg)
{
    Block *block = (Block *)self;
    Py_VISIT(Py_TYPE(self));
    for (size_t i = 0; i < block->count; i++)
        Py_VISIT(block->members[i].object);
    return 0;
}

static int block_clear(PyObject *self)
{
    Block *block = (Block *)self;
    for (size_t i = 0; i < block->count; i++) {
        block->members[i].reg = NULL;
        Py_CLEAR(block->members[i].object);
    }
    return 0;
}

static void block_dealloc(PyObject *self)
{
    Block *block = (Block *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    block_clear(self);
    PyMem_Free(block->members);
    Py_XDECREF((PyObject *)block->names);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyType_Slot block_slots[] = {
    {Py_tp_doc, "Block()\n--\n\n"
                "Base of live blocks; the subclass has NAMES and a `_make(name)`."},
    {Py_tp_new, block_new},
    {Py_tp_init, block_init},
    {Py_tp_dealloc, block_dealloc},
    {Py_tp_traverse, block_traverse},
    {Py_tp_clear, block_clear},
    {Py_tp_getattro, block_getattro},
    {Py_tp_setattro, block_setattro},
    {0, NULL},
};

PyType_Spec block_spec = {"regmap._core.Block", sizeof(Block), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
                          block_slots};
