/* Records every CPU access to one range of pages (x86-64 Linux).
 *
 * The range is made inaccessible. Each access faults: the handler notes the instruction, opens the
 * range and lets the CPU do that one instruction in single step; the trap afterwards closes the
 * range again. Accesses by the kernel (a system call on a buffer in the range) are not seen, and
 * another thread that comes while the range is open is missed. */
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define CODE_SIZE 15 /* the longest x86 instruction */
#define CAPACITY 4096
#define TRAP_FLAG 0x100
#define FAULT_WAS_WRITE 2

struct record {
    uint64_t offset;
    uint8_t is_write;
    uint8_t code[CODE_SIZE];
};

static struct record records[CAPACITY];
static volatile size_t count;
static unsigned char *start;
static size_t length;
static int protection;
static volatile int active;
static __thread volatile int stepping;
static struct sigaction before_fault, before_trap;

static void pass_on(int number, siginfo_t *info, void *context, struct sigaction *action)
{
    if (action->sa_flags & SA_SIGINFO)
        action->sa_sigaction(number, info, context);
    else if (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN)
        action->sa_handler(number);
    else
        sigaction(number, action, NULL);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    unsigned char *at = info->si_addr;
    if (!active || stepping || at < start || at >= start + length) {
        pass_on(number, info, context, &before_fault);
        return;
    }
    if (count < CAPACITY) {
        struct record *record = &records[count];
        record->offset = (uint64_t)(at - start);
        record->is_write = (registers[REG_ERR] & FAULT_WAS_WRITE) != 0;
        memcpy(record->code, (const void *)registers[REG_RIP], CODE_SIZE);
    }
    count++;
    stepping = 1;
    mprotect(start, length, protection);
    registers[REG_EFL] |= TRAP_FLAG;
}

static void on_trap(int number, siginfo_t *info, void *context)
{
    if (!stepping) {
        pass_on(number, info, context, &before_trap);
        return;
    }
    stepping = 0;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    if (active)
        mprotect(start, length, PROT_NONE);
}

/* Starts recording; the handlers go on top of those that are there. */
int probe_begin(void *at, size_t size, int prot)
{
    struct sigaction fault = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    struct sigaction trap = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    if (active)
        return -1;
    start = at;
    length = size;
    protection = prot;
    count = 0;
    if (sigaction(SIGSEGV, &fault, &before_fault) != 0
        || sigaction(SIGTRAP, &trap, &before_trap) != 0)
        return -1;
    active = 1;
    return mprotect(start, length, PROT_NONE);
}

/* Stops, and puts the handlers back; returns how many accesses there were. */
long probe_end(void)
{
    active = 0;
    mprotect(start, length, protection);
    sigaction(SIGSEGV, &before_fault, NULL);
    sigaction(SIGTRAP, &before_trap, NULL);
    return (long)count;
}

const struct record *probe_records(void)
{
    return records;
}

size_t probe_capacity(void)
{
    return CAPACITY;
}
