/* Signal handlers of somebody else, to see what the core's handler leaves to them. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* ---- a handler that was there before, and survives the faults it is meant for --------------- */

static __thread sigjmp_buf *volatile recovering;
static atomic_int recovered, plain_calls;
static atomic_long recovered_by;

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    if (recovering == NULL)
        _exit(99); /* a fault that should not have come here */
    recovered++;
    recovered_by = (long)pthread_self();
    siglongjmp(*recovering, 1);
}

static void on_signal(int number)
{
    (void)number;
    plain_calls++;
}

int faults_install(int number, int flags)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | flags};
    return sigaction(number, &action, NULL);
}

int faults_install_plain(int number, int flags)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
    sigaddset(&action.sa_mask, SIGUSR1);
    return sigaction(number, &action, NULL);
}

int faults_recovered(void) { return recovered; }
int faults_plain_calls(void) { return plain_calls; }

/* Touches a byte that faults; 1 when the handler above brought us back. */
int faults_touch(const volatile unsigned char *at)
{
    sigjmp_buf env;
    if (sigsetjmp(env, 1) != 0) {
        recovering = NULL;
        return 1;
    }
    recovering = &env;
    (void)*at;
    recovering = NULL;
    return 0;
}

/* Whether a signal is blocked in this thread. */
int faults_blocked(int number)
{
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    return sigismember(&set, number);
}

/* ---- another thread faults while this one is in the middle of an access ---------------------- */

static atomic_int go, done;
static pthread_t helper;
static struct sigaction under;

static void *help(void *unused)
{
    (void)unused;
    while (!go)
        usleep(100);
    done = faults_touch(NULL) ? 1 : -1;
    return NULL;
}

/* A handler that comes after the core's and passes everything on. */
static struct sigaction under_pass;
static atomic_int passed;

static void on_top_pass(int number, siginfo_t *info, void *context)
{
    if (passed++ > 100)
        _exit(98); /* round in a circle */
    under_pass.sa_sigaction(number, info, context);
}

int faults_install_on_top(int number)
{
    struct sigaction action = {.sa_sigaction = on_top_pass, .sa_flags = SA_SIGINFO | SA_NODEFER};
    return sigaction(number, &action, &under_pass);
}

/* Installed over the core's SIGBUS handler: the thread in the access waits here, still armed. */
static void on_top(int number, siginfo_t *info, void *context)
{
    go = 1;
    while (!done)
        ;
    under.sa_sigaction(number, info, context);
}

int faults_start_helper(void)
{
    struct sigaction action = {.sa_sigaction = on_top, .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (sigaction(SIGBUS, &action, &under) != 0)
        return -1;
    return pthread_create(&helper, NULL, help, NULL);
}

/* 1 when the helper's fault went to the handler that was there before, on the helper's thread. */
int faults_join_helper(void)
{
    pthread_join(helper, NULL);
    return done == 1 && recovered_by == (long)helper;
}
