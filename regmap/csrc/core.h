/* What the files of the core share: object layouts, the name table, number conversion. */
#ifndef REGMAP_CORE_H
#define REGMAP_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define COLD __attribute__((noinline, cold))
#define NOINLINE __attribute__((noinline))
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* ---- the name table ------------------------------------------------------------------------
 *
 * Attribute names in compiled code are interned, so the pointer is the name. Open addressing, at
 * most a quarter full; keys are borrowed from a dict that the owner of the table keeps. */

struct slot {
    PyObject *name;
    uintptr_t value;
};

/* Copied into every object that looks names up, to save two loads; the slots belong to its Spec
 * or Names. */
struct table {
    struct slot *slots;
    size_t mask;
};

static inline size_t table_start(struct table table, const PyObject *name)
{
    return (size_t)(((uintptr_t)name * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & table.mask;
}

/* The slot of an interned name, or NULL. A miss says nothing about names not interned. */
static inline const struct slot *table_find(struct table table, const PyObject *name)
{
    for (size_t i = table_start(table, name);; i = (i + 1) & table.mask) {
        const struct slot *slot = &table.slots[i];
        if (LIKELY(slot->name == name))
            return slot;
        if (slot->name == NULL)
            return NULL;
    }
}

bool table_make(struct table *table, size_t count);
void table_put(struct table table, PyObject *name, uintptr_t value);

/* ---- objects ------------------------------------------------------------------------------- */

/* A mapping. Closed: both sizes are 0, so one compare checks bounds, closed and writable.
 * tests/probe reads `start`, so it stays first. */
typedef struct {
    PyObject_HEAD
    unsigned char *start;
    size_t size;
    size_t writable_size; /* 0 for a read-only mapping */
    uint64_t address;     /* what the bus calls the first byte */
    PyObject *gone;       /* asked after a load of nothing whether the device is gone; or NULL */
    bool writable, closed;
} Map;

typedef struct {
    PyObject_HEAD
    struct table table; /* name -> place */
    PyObject *places;    /* dict: name -> place; owns the names */
} Names;

typedef struct {
    PyObject_HEAD
    uint64_t mask;         /* in the field's own position: ones(width) */
    uint8_t lsb, width;
    bool readable, writable, plain;
    int8_t acting;         /* 1, 0, or -1 for a field that takes what is written */
    PyObject *name;        /* interned; NULL until a Spec takes the field */
    PyObject *info;        /* what the class gives for the field, or NULL */
    PyObject *members;     /* dict: value -> member, or NULL */
    PyObject **by_value;   /* the same as an array for narrow fields, or NULL; borrowed */
    size_t by_value_count;
} Field;

enum field_flags {
    FIELD_LOADS = 1,    /* may be read right here; else `_get_field` decides */
    FIELD_STORES = 2,   /* may be written right here; else `_set_field` decides */
    FIELD_MEMBERS = 4,  /* values turn into enum members */
    FIELD_ACTS = 8,     /* `idle` does nothing when written, so it is refused */
};

/* A field as a register class uses it, everything decided. */
struct entry {
    uint64_t mask; /* ones(width) */
    uint64_t idle;
    Field *field;
    uint8_t lsb, flags;
};

typedef struct {
    PyObject_HEAD
    struct table table; /* name -> struct entry */
    struct entry *entries;
    uint64_t ones, keep, neutral;
    uint8_t bytes;
    bool turn; /* bytes are turned round between bus and value */
    bool loads, stores; /* the whole register may be read, written right here */
    bool big_endian, readable, writable, plain;
    PyObject *fields; /* dict: name -> Field */
} Spec;

typedef struct {
    PyObject_HEAD
    Map *map;      /* the port where that is a mapping, else NULL */
    size_t offset; /* into the map; NOWHERE where no access can be */
    bool by_field; /* the port is asked for fields, so Python decides about each */
    struct table table; /* the Spec's */
    Spec *spec;
    uint64_t address;
    PyObject *port, *name, *context;
} Register;

/* An offset that fails every bounds check, even with a width added. */
#define NOWHERE (SIZE_MAX - 15)

struct member {
    PyObject *object; /* NULL until it is first asked for */
    Register *reg;    /* the same where it is a register, else NULL */
};

typedef struct {
    PyObject_HEAD
    struct table table; /* the Names' */
    struct member *members;
    size_t count;
    Names *names;
} Block;

/* ---- what the module holds; written once, at import ---------------------------------------- */

#define CORE_WORDS(X)                                                                             \
    X(NAMES) X(SPEC) X(_fault) X(_get_field) X(_get_raw) X(_make) X(_set_field) X(_set_member)    \
    X(_set_raw) X(_unknown) X(address) X(keep) X(mask) X(neutral) X(path) X(raw) X(read)          \
    X(read_field) X(update) X(value) X(write) X(__dict__) X(__mro__)

struct core {
    PyTypeObject *Map, *Names, *Field, *Spec, *Register, *Block, *IoPorts;
    PyObject *BackendError, *BadAddress, *BusFault, *ClosedError, *ValueDoesNotFit;
#define X(word) PyObject *str_##word;
    CORE_WORDS(X)
#undef X
};

extern struct core core __attribute__((visibility("hidden")));

extern PyType_Spec map_spec, names_spec, field_spec, spec_spec, register_spec, block_spec;
extern PyType_Spec ioports_spec;

/* ---- numbers ------------------------------------------------------------------------------- */

COLD bool number_large(PyObject *object, uint64_t *value);

/* The number in an int (a bool or IntEnum is one). False, with no error set, for anything else
 * and for negative or larger numbers: the slow path then says what is wrong. */
static inline bool number(PyObject *object, uint64_t *value)
{
    if (!Py_IS_TYPE(object, &PyLong_Type) && !PyLong_Check(object))
        return false;
    int overflow;
    long long got = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (LIKELY(got >= 0)) {
        *value = (uint64_t)got;
        return true;
    }
    return overflow > 0 && number_large(object, value);
}

enum conversion { CONVERTED, OUT_OF_RANGE, NOT_A_NUMBER /* with an error set */ };

/* The same for anything with __index__. */
enum conversion number_of(PyObject *object, uint64_t *value);

/* What a caller of read, write or update asked for: an address with a width, and a number that fits
 * in `bytes` (`what` names it in the error). False with the error set. */
bool access_wanted(PyObject *where, PyObject *width, uint64_t *address, unsigned *bytes);
bool value_wanted(PyObject *object, unsigned bytes, const char *what, uint64_t *value);

/* ---- errors; every one of these returns false or NULL with the error set -------------------- */

#define HEX_SIZE 19
const char *hex(char buffer[HEX_SIZE], uint64_t value);

/* How errors show a value that was given; NULL without an error set where it will not be shown, as
 * Python writes out no int of thousands of digits. */
COLD PyObject *shown(PyObject *object);
#define HUGE_NUMBER "a number of thousands of digits"

/* Why no access of `bytes` at `address` can be made through `map`; `path` may be NULL. */
COLD bool refuse_access(Map *map, uint64_t address, unsigned bytes, const char *kind,
                        PyObject *path);
COLD bool raise_fault(uint64_t address, unsigned bytes, const char *kind, PyObject *path);
COLD bool raise_misfit(PyObject *path, PyObject *value, unsigned width);

/* What others may see of a private dict. A proxy of the dict itself would let `proxy == other`
 * hand that to other's __eq__, and the tables borrow from it. */
PyObject *proxy_of_copy(PyObject *dict);

/* ---- shared by Register and Block ----------------------------------------------------------- */

PyObject *generic_get(PyObject *self, PyObject *name);
int generic_set(PyObject *self, PyObject *name, PyObject *value);

/* ---- across files --------------------------------------------------------------------------- */

void fault_install(void);

/* 1 where the mapping can tell that its device is gone, 0 where not, -1 with an error set. A bus
 * without a device answers loads with all ones (PCI) or zeros (some bridges and hypervisors). */
int map_gone(Map *map);
const struct entry *spec_entry(Spec *spec, PyObject *name);

/* attribute.c */
PyObject *register_path(Register *reg); /* for errors; NULL without an error set if none */
bool register_load(Register *reg, uint64_t *value);
bool register_store(Register *reg, uint64_t value);
bool register_update(Register *reg, uint64_t mask, uint64_t *value, bool always_read);
PyObject *register_get(Register *reg, const struct entry *entry);
int register_set(Register *reg, const struct entry *entry, PyObject *value);
PyObject *register_get_raw(Register *reg);
int register_set_raw(Register *reg, PyObject *value);
PyObject *register_getattro(PyObject *self, PyObject *name);
int register_setattro(PyObject *self, PyObject *name, PyObject *value);

bool register_finish(PyObject *type);

/* Sorts a vector call's arguments into `values` in the order of `names` (NULL-terminated). The
 * first `required` must be there, those after `positional` come by keyword only; what is missing
 * stays NULL. */
bool arguments(const char *function, PyObject *const *args, Py_ssize_t count, PyObject *keywords,
               const char *const *names, int positional, int required, PyObject **values);

#define VECTOR(function) ((PyCFunction)(void (*)(void))(function))

#endif
