/* The module: its types, `merge`, and what it takes from regmap.errors. */
#include "core.h"

#include "merge.h"

struct core core;

static PyObject *core_merge(PyObject *self, PyObject *const *args, Py_ssize_t count,
                            PyObject *keywords)
{
    static const char *const names[] = {"old", "keep", "neutral", "mask", "value", NULL};
    PyObject *given[5];
    uint64_t numbers[5];
    (void)self;
    if (!arguments("merge", args, count, keywords, names, 5, 5, given))
        return NULL;
    for (int i = 0; i < 5; i++) {
        enum conversion got = number_of(given[i], &numbers[i]);
        if (got == OUT_OF_RANGE) {
            PyObject *text = shown(given[i]);
            PyErr_Format(PyExc_ValueError, "merge(): %s=%V is no number of 64 bits", names[i],
                         text, HUGE_NUMBER);
            Py_XDECREF(text);
        }
        if (got != CONVERTED)
            return NULL;
    }
    return PyLong_FromUnsignedLongLong(
        merge(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]));
}

static PyMethodDef functions[] = {
    {"merge", VECTOR(core_merge), METH_FASTCALL | METH_KEYWORDS,
     "merge(old, keep, neutral, mask, value)\n--\n\n"
     "What a read-modify-write writes: (((old & keep) | neutral) & ~mask) | (value & mask)."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "regmap._core",
    "The only code that touches a mapping, and attribute access that is one bus access.",
    -1, functions, NULL, NULL, NULL, NULL,
};

static bool take_words(void)
{
#define X(word)                                                                                   \
    if ((core.str_##word = PyUnicode_InternFromString(#word)) == NULL)                            \
        return false;
    CORE_WORDS(X)
#undef X
    return true;
}

static bool take_errors(void)
{
    static const struct {
        const char *name;
        PyObject **place;
    } errors[] = {
        {"BackendError", &core.BackendError}, {"BadAddress", &core.BadAddress},
        {"BusFault", &core.BusFault},         {"ClosedError", &core.ClosedError},
        {"ValueDoesNotFit", &core.ValueDoesNotFit},
    };
    PyObject *module = PyImport_ImportModule("regmap.errors");
    bool good = module != NULL;
    for (size_t i = 0; good && i < sizeof errors / sizeof *errors; i++) {
        *errors[i].place = PyObject_GetAttrString(module, errors[i].name);
        good = *errors[i].place != NULL;
    }
    Py_XDECREF(module);
    return good;
}

static bool add_types(PyObject *module)
{
    static const struct {
        PyType_Spec *spec;
        PyTypeObject **place;
    } types[] = {
        {&map_spec, &core.Map},   {&names_spec, &core.Names},       {&field_spec, &core.Field},
        {&spec_spec, &core.Spec}, {&register_spec, &core.Register}, {&block_spec, &core.Block},
        {&ioports_spec, &core.IoPorts},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        *types[i].place = (PyTypeObject *)PyType_FromSpec(types[i].spec);
        if (*types[i].place == NULL || PyModule_AddType(module, *types[i].place) < 0)
            return false;
    }
    return register_finish((PyObject *)core.Register);
}

PyMODINIT_FUNC PyInit__core(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module != NULL && take_words() && take_errors() && add_types(module))
        return module;
    Py_XDECREF(module);
    return NULL;
}
