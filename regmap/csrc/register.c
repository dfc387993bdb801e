/* Register: the type of live registers, its methods and its life. attribute.c has the access. */
#include "core.h"

#include "access.h"

/* ---- methods ------------------------------------------------------------------------------- */

static PyObject *method_load(PyObject *self, PyObject *unused)
{
    uint64_t value;
    (void)unused;
    return register_load((Register *)self, &value) ? PyLong_FromUnsignedLongLong(value) : NULL;
}

/* A number that fits in the register, or a ValueDoesNotFit with its path. */
static bool register_value(Register *reg, PyObject *object, uint64_t *value)
{
    if (LIKELY(number(object, value) && *value <= reg->spec->ones))
        return true;
    enum conversion got = number_of(object, value);
    if (got == NOT_A_NUMBER)
        return false;
    if (got == CONVERTED && *value <= reg->spec->ones)
        return true;
    PyObject *path = register_path(reg);
    raise_misfit(path != NULL ? path : Py_None, object, 8u * reg->spec->bytes);
    Py_XDECREF(path);
    return false;
}

static PyObject *method_store(PyObject *self, PyObject *const *args, Py_ssize_t count,
                              PyObject *keywords)
{
    static const char *const names[] = {"value", NULL};
    PyObject *given[1];
    uint64_t value;
    Register *reg = (Register *)self;
    if (!arguments("store", args, count, keywords, names, 1, 1, given)
        || !register_value(reg, given[0], &value) || !register_store(reg, value))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *method_act(PyObject *self, PyObject *const *args, Py_ssize_t count,
                            PyObject *keywords)
{
    static const char *const names[] = {"mask", "value", NULL};
    PyObject *given[2];
    uint64_t mask, value;
    Register *reg = (Register *)self;
    if (UNLIKELY(count != 2 || keywords != NULL)) {
        if (!arguments("act", args, count, keywords, names, 2, 2, given))
            return NULL;
        args = given;
    }
    if (UNLIKELY(!register_value(reg, args[0], &mask) || !register_value(reg, args[1], &value)
                 || !register_update(reg, mask, &value, false)))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *method_update(PyObject *self, PyObject *const *args, Py_ssize_t count,
                               PyObject *keywords)
{
    static const char *const names[] = {"mask", "value", "always_read", NULL};
    PyObject *given[3];
    uint64_t mask, value;
    Register *reg = (Register *)self;
    if (!arguments("update", args, count, keywords, names, 2, 2, given)
        || !register_value(reg, given[0], &mask) || !register_value(reg, given[1], &value))
        return NULL;
    int always_read = given[2] != NULL ? PyObject_IsTrue(given[2]) : 0;
    if (always_read < 0 || !register_update(reg, mask, &value, always_read))
        return NULL;
    return PyLong_FromUnsignedLongLong(value);
}

/* ---- life ---------------------------------------------------------------------------------- */

static PyObject *register_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    (void)args, (void)keywords;
    PyObject *spec = PyObject_GetAttr((PyObject *)type, core.str_SPEC);
    if (spec == NULL || !Py_IS_TYPE(spec, core.Spec)) {
        PyErr_Clear();
        Py_XDECREF(spec);
        PyErr_Format(PyExc_TypeError, "%R is no register: it has no SPEC", type);
        return NULL;
    }
    Register *reg = (Register *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (reg == NULL) {
        Py_DECREF(spec);
        return NULL;
    }
    reg->spec = (Spec *)spec;
    reg->table = reg->spec->table;
    return (PyObject *)reg;
}

/* Where in the map the register lies, once and for all: NOWHERE unless an access is aligned and
 * within one machine word. Below the map this wraps to more than its size, as the map ends within
 * 64 bits. */
static size_t place(const Map *map, uint64_t address, unsigned bytes)
{
    uint64_t offset = address - map->address;
    if (offset >= NOWHERE || address % bytes != 0 || offset % bytes != 0
        || bytes * 8 > ACCESS_WIDEST_BITS)
        return NOWHERE;
    return (size_t)offset;
}

static int register_init(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"port", "address", "name", "context", NULL};
    Register *reg = (Register *)self;
    PyObject *port, *where, *name, *context;
    uint64_t address;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OOUO:Register", names, &port, &where, &name,
                                     &context))
        return -1;
    enum conversion got = number_of(where, &address);
    if (got == NOT_A_NUMBER)
        return -1;
    if (got == OUT_OF_RANGE || reg->spec->bytes - 1u > UINT64_MAX - address) {
        PyObject *text = shown(where);
        PyErr_Format(core.BadAddress, "%U: %V is not in a space of 64 bits", name, text,
                     HUGE_NUMBER);
        Py_XDECREF(text);
        return -1;
    }
    PyObject *before[] = {reg->port, reg->name, reg->context};
    Py_INCREF(port);
    Py_INCREF(name);
    Py_INCREF(context);
    reg->port = port;
    reg->name = name;
    reg->context = context;
    reg->address = address;
    reg->map = Py_IS_TYPE(port, core.Map) ? (Map *)port : NULL;
    /* No error is left behind where it has none. */
    reg->by_field = reg->map == NULL && PyObject_HasAttr(port, core.str_read_field);
    reg->offset = reg->map != NULL ? place(reg->map, address, reg->spec->bytes) : NOWHERE;
    /* Only now: this may run a finaliser that uses the register, or gets here again. */
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        Py_XDECREF(before[i]);
    return 0;
}

static int register_traverse(PyObject *self, visitproc visit, void *arg)
{
    Register *reg = (Register *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(reg->spec);
    Py_VISIT(reg->port);
    Py_VISIT(reg->context);
    return 0;
}

/* The Spec stays until the end: attribute access relies on it. */
static int register_clear(PyObject *self)
{
    Register *reg = (Register *)self;
    reg->map = NULL; /* first: the port may be this */
    Py_CLEAR(reg->port);
    Py_CLEAR(reg->context);
    return 0;
}

static void register_dealloc(PyObject *self)
{
    Register *reg = (Register *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    register_clear(self);
    Py_CLEAR(reg->name);
    Py_CLEAR(reg->spec);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

/* ---- the type ------------------------------------------------------------------------------ */

static PyObject *get_object(PyObject *self, void *offset)
{
    PyObject *object = *(PyObject **)((char *)self + (size_t)offset);
    object = object != NULL ? object : Py_None;
    Py_INCREF(object);
    return object;
}

static PyObject *get_address(PyObject *self, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(((Register *)self)->address);
}

#define AT(what) ((void *)offsetof(Register, what))

static PyGetSetDef register_attributes[] = {
    {"port", get_object, NULL, "Who moves the bits.", AT(port)},
    {"address", get_address, NULL, "Absolute, in bytes.", NULL},
    {"name", get_object, NULL, "The register's path.", AT(name)},
    {"context", get_object, NULL, "What the register belongs to.", AT(context)},
    {NULL, NULL, NULL, NULL, NULL},
};

/* `raw` as the class shows it: a property, which tab completion does not evaluate. Instances get
 * here from register_getattro alone, so neither is called in the ordinary way. */
static PyObject *raw_of(PyObject *self, PyObject *reg)
{
    (void)self;
    if (PyObject_TypeCheck(reg, core.Register))
        return register_get_raw((Register *)reg);
    PyErr_SetString(PyExc_TypeError, "not a register");
    return NULL;
}

static PyObject *set_raw_of(PyObject *self, PyObject *args)
{
    PyObject *reg, *value;
    (void)self;
    if (!PyArg_ParseTuple(args, "O!O", core.Register, &reg, &value)
        || register_set_raw((Register *)reg, value) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef raw_functions[] = {
    {"raw", raw_of, METH_O, NULL},
    {"raw", set_raw_of, METH_VARARGS, NULL},
};

bool register_finish(PyObject *type)
{
    PyObject *get = PyCFunction_New(&raw_functions[0], NULL);
    PyObject *set = PyCFunction_New(&raw_functions[1], NULL);
    PyObject *raw = get != NULL && set != NULL
        ? PyObject_CallFunction((PyObject *)&PyProperty_Type, "OOOs", get, set, Py_None,
                                "The whole register: one read, or one write when assigned.")
        : NULL;
    bool good = raw != NULL && PyObject_SetAttr(type, core.str_raw, raw) == 0;
    Py_XDECREF(get);
    Py_XDECREF(set);
    Py_XDECREF(raw);
    return good;
}

static PyMethodDef register_methods[] = {
    {"load", method_load, METH_NOARGS,
     "load($self)\n--\n\nOne read of the whole register, whatever its Spec allows attributes."},
    {"store", VECTOR(method_store), METH_FASTCALL | METH_KEYWORDS,
     "store($self, value)\n--\n\nOne write of the whole register. The value must fit."},
    {"update", VECTOR(method_update), METH_FASTCALL | METH_KEYWORDS,
     "update($self, mask, value, *, always_read=False)\n--\n\n"
     "Change the bits of `mask`; returns what was written. One write where nothing else is to be\n"
     "kept, else one read and one write."},
    {"act", VECTOR(method_act), METH_FASTCALL | METH_KEYWORDS,
     "act($self, mask, value)\n--\n\nAs update(), without a result."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot register_slots[] = {
    {Py_tp_doc, "Register(port, address, name, context)\n--\n\n"
                "Base of live registers; the subclass has a SPEC. Fields are attributes."},
    {Py_tp_new, register_new},
    {Py_tp_init, register_init},
    {Py_tp_dealloc, register_dealloc},
    {Py_tp_traverse, register_traverse},
    {Py_tp_clear, register_clear},
    {Py_tp_getattro, register_getattro},
    {Py_tp_setattro, register_setattro},
    {Py_tp_getset, register_attributes},
    {Py_tp_methods, register_methods},
    {0, NULL},
};

PyType_Spec register_spec = {"regmap._core.Register", sizeof(Register), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
                             register_slots};
