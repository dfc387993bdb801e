/* The one equation of a read-modify-write. Python reaches it as `_core.merge`. */
#ifndef REGMAP_MERGE_H
#define REGMAP_MERGE_H

#include <stdint.h>

/* What to write so that only the bits of `mask` take `value`.
 *
 * Bits of `keep` go back as they were read, bits of `neutral` are written 1 because a 0 would act
 * there, and all others are written 0. */
static inline uint64_t merge(uint64_t old, uint64_t keep, uint64_t neutral, uint64_t mask,
                             uint64_t value)
{
    return (((old & keep) | neutral) & ~mask) | (value & mask);
}

#endif
