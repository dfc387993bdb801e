/* See port.c. Each returns false with an error set. */
#ifndef REGMAP_PORT_H
#define REGMAP_PORT_H

#include "core.h"

bool port_read(Register *reg, uint64_t *value);
bool port_write(Register *reg, uint64_t value);

/* One read and one write; `value` becomes what was written. */
bool port_update(Register *reg, uint64_t mask, uint64_t *value);

#endif
