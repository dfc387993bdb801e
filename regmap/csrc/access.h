/* The only code that dereferences a device pointer.
 *
 * One call is one volatile load or store of the declared width (an update: one load and one
 * store), fenced against the compiler. The caller has checked bounds and alignment and holds the
 * GIL. Each function comes back with a verdict even when the bus answers with SIGBUS or SIGSEGV.
 *
 * They are not inlined: a function that calls sigsetjmp may lose what its caller keeps in
 * registers, and a frame of their own confines that to the few lines here. */
#ifndef REGMAP_ACCESS_H
#define REGMAP_ACCESS_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "merge.h"

/* Where the fault handler jumps while this thread touches a device; NULL at all other times.
 * initial-exec: the handler must not make the loader allocate thread-local storage. */
extern _Thread_local sigjmp_buf *volatile access_armed
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

#define ACCESS_FUNCTION static __attribute__((noinline, unused))
#define COMPILER_BARRIER() __asm__ volatile("" ::: "memory")

enum access_result { ACCESS_DONE, ACCESS_READ_FAULT, ACCESS_WRITE_FAULT };

/* A load of 64 bits is one access only where a register holds 64 bits. */
#define ACCESS_WIDEST_BITS ((unsigned)(sizeof(void *) * 8))

/* The lowest `bits` of `value` with their bytes in the other order. */
static inline uint64_t access_swap(uint64_t value, unsigned bytes)
{
    switch (bytes) {
    case 4:
        return __builtin_bswap32((uint32_t)value);
    case 2:
        return __builtin_bswap16((uint16_t)value);
    case 8:
        return __builtin_bswap64(value);
    default:
        return value;
    }
}

/* Values are little-endian by contract (backends/base.py); `big_endian` registers are turned. */
static inline bool access_turned(bool big_endian)
{
    return big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

/* Orders accesses to different peripherals, which may otherwise overtake each other on Arm
 * (BCM2835 ARM Peripherals, 1.3). The GIL makes one `last` for all threads enough. */
static inline void access_order(const void *instance)
{
#if defined(__arm__) || defined(__aarch64__)
    extern const void *access_last __attribute__((visibility("hidden")));
    if (access_last == instance)
        return;
    access_last = instance;
#if defined(__aarch64__) || (defined(__ARM_ARCH) && __ARM_ARCH >= 7)
    __asm__ volatile("dmb sy" ::: "memory");
#elif defined(__ARM_ARCH) && __ARM_ARCH == 6 && !defined(__thumb__)
    __asm__ volatile("mcr p15, 0, %0, c7, c10, 5" ::"r"(0) : "memory");
#else
    __sync_synchronize();
#endif
#else
    (void)instance;
#endif
}

static inline uint64_t access_load_once(const volatile void *at, unsigned bytes)
{
    switch (bytes) {
    case 4:
        return *(const volatile uint32_t *)at;
    case 1:
        return *(const volatile uint8_t *)at;
    case 2:
        return *(const volatile uint16_t *)at;
    default:
        return *(const volatile uint64_t *)at;
    }
}

static inline void access_store_once(volatile void *at, unsigned bytes, uint64_t value)
{
    switch (bytes) {
    case 4:
        *(volatile uint32_t *)at = (uint32_t)value;
        break;
    case 1:
        *(volatile uint8_t *)at = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)at = (uint16_t)value;
        break;
    default:
        *(volatile uint64_t *)at = value;
        break;
    }
}

/* One load. The signal mask is not saved (that would cost a system call an access); the handler
 * is installed so that nothing is blocked while it runs. */
ACCESS_FUNCTION enum access_result access_read(const volatile void *at, unsigned bytes, bool turn,
                                               uint64_t *value)
{
    sigjmp_buf env;
    if (__builtin_expect(sigsetjmp(env, 0) != 0, 0))
        return ACCESS_READ_FAULT;
    access_armed = &env;
    COMPILER_BARRIER();
    uint64_t loaded = access_load_once(at, bytes);
    COMPILER_BARRIER();
    access_armed = NULL;
    *value = turn ? access_swap(loaded, bytes) : loaded;
    return ACCESS_DONE;
}

ACCESS_FUNCTION enum access_result access_write_turned(volatile void *at, unsigned bytes,
                                                       uint64_t stored)
{
    sigjmp_buf env;
    if (__builtin_expect(sigsetjmp(env, 0) != 0, 0))
        return ACCESS_WRITE_FAULT;
    access_armed = &env;
    COMPILER_BARRIER();
    access_store_once(at, bytes, stored);
    COMPILER_BARRIER();
    access_armed = NULL;
    return ACCESS_DONE;
}

/* One store. */
static inline enum access_result access_write(volatile void *at, unsigned bytes, bool turn,
                                              uint64_t value)
{
    return access_write_turned(at, bytes, turn ? access_swap(value, bytes) : value);
}

/* One load and one store, with `merge` between them; `value` becomes what was written. */
ACCESS_FUNCTION enum access_result access_update(volatile void *at, unsigned bytes, bool turn,
                                                 uint64_t keep, uint64_t neutral, uint64_t mask,
                                                 uint64_t *value)
{
    sigjmp_buf env;
    volatile enum access_result stage = ACCESS_READ_FAULT;
    if (__builtin_expect(sigsetjmp(env, 0) != 0, 0))
        return stage;
    access_armed = &env;
    COMPILER_BARRIER();
    uint64_t old = access_load_once(at, bytes);
    stage = ACCESS_WRITE_FAULT;
    uint64_t new = merge(turn ? access_swap(old, bytes) : old, keep, neutral, mask, *value);
    uint64_t stored = turn ? access_swap(new, bytes) : new;
    COMPILER_BARRIER();
    access_store_once(at, bytes, stored);
    COMPILER_BARRIER();
    access_armed = NULL;
    *value = new;
    return ACCESS_DONE;
}

#endif
