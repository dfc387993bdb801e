/* A bus fault inside an armed access goes back into it; every other fault goes where it would
 * have gone without us.
 *
 * The handler is process-wide and installed with the first Map. A handler that somebody installs
 * later comes before ours and must pass on what is not its own.
 *
 * A thread that has blocked SIGSEGV or SIGBUS (pthread_sigmask) dies of a bus fault with the whole
 * process: the kernel runs no handler for a fault whose signal is blocked, it resets the signal to
 * its default action (force_sig_fault). To unblock them would be a system call an access. */
#include "core.h"

#include <errno.h>
#include <signal.h>

#include "access.h"

_Thread_local sigjmp_buf *volatile access_armed = NULL;

#if defined(__arm__) || defined(__aarch64__)
const void *access_last = NULL;
#endif

static const int signals[] = {SIGSEGV, SIGBUS};
#define SIGNALS (sizeof signals / sizeof *signals)
static struct sigaction before[SIGNALS];
static bool installed[SIGNALS];

/* Whether the signal was raised for this thread's own doing. faulthandler, where it was enabled
 * after us, passes a fault on with raise(), which is SI_TKILL. */
static bool is_fault(const siginfo_t *info)
{
    return info->si_code > 0 || info->si_code == SI_TKILL;
}

/* The default action, for the same cause: a fault happens again on return, a sent signal is
 * raised again. Either ends the process with this signal. */
static void die(int number, const siginfo_t *info)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(number, &standard, NULL);
    if (info->si_code <= 0)
        raise(number);
}

/* Calls the handler before us as the kernel would: with its mask, and only once if so asked. */
static void pass_on(int number, siginfo_t *info, void *context, struct sigaction *action)
{
    if (!(action->sa_flags & SA_SIGINFO) && action->sa_handler == SIG_DFL) {
        die(number, info);
        return;
    }
    if (!(action->sa_flags & SA_SIGINFO) && action->sa_handler == SIG_IGN) {
        if (info->si_code > 0) /* the kernel does not let a fault be ignored */
            die(number, info);
        return;
    }
    struct sigaction handler = *action;
    if (handler.sa_flags & SA_RESETHAND) {
        action->sa_flags &= ~SA_SIGINFO;
        action->sa_handler = SIG_DFL;
    }
    sigset_t blocked = handler.sa_mask;
    if (!(handler.sa_flags & SA_NODEFER))
        sigaddset(&blocked, number);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL); /* until our own handler returns */
    if (handler.sa_flags & SA_SIGINFO)
        handler.sa_sigaction(number, info, context);
    else
        handler.sa_handler(number);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    sigjmp_buf *armed = access_armed;
    if (armed != NULL && is_fault(info)) {
        access_armed = NULL;
        siglongjmp(*armed, 1);
    }
    int saved = errno;
    for (size_t i = 0; i < SIGNALS; i++)
        if (signals[i] == number)
            pass_on(number, info, context, &before[i]);
    errno = saved;
}

/* Installs the handler unless it is there already, or another one was installed over it: going
 * on top of that one, which passes on to us, would make a circle. One that was taken away (as
 * faulthandler.disable() does with all that came after its enable()) is put back. */
void fault_install(void)
{
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction now;
        if (sigaction(signals[i], NULL, &now) != 0)
            continue;
        bool nobody = !(now.sa_flags & SA_SIGINFO)
                      && (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN);
        if (installed[i] && !nobody)
            continue;
        /* NODEFER: we leave by siglongjmp without restoring a mask, so nothing may be blocked.
         * ONSTACK: a handler before us may need its alternate stack (faulthandler does). */
        struct sigaction ours = {.sa_sigaction = on_fault,
                                 .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
        sigemptyset(&ours.sa_mask);
        before[i] = now;
        installed[i] = sigaction(signals[i], &ours, NULL) == 0;
    }
}
