/* See _ring.h. Plain C11 without Python.h; loaded with ctypes. */
#include "_ring.h"

#include <math.h>
#include <string.h>

#if defined(__linux__)
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
extern long syscall(long number, ...); /* hidden by -std=c11 */
#endif

#define GAP UINT64_MAX /* `step` (a NaN) of a record whose samples were reserved but never committed */

static insula_record *record_at(const insula_ring *r, uint64_t k) {
    return (insula_record *)((char *)r + r->rec_off) + (k & (r->ccap - 1));
}

static uint64_t bits(double value) {
    uint64_t u;
    memcpy(&u, &value, sizeof u);
    return u;
}

static void wake(insula_ring *r) {
    atomic_fetch_add_explicit(&r->word, 1, memory_order_seq_cst);
#if defined(__linux__)
    /* Always, without a count of waiters: readers then need no write access, and a killed one leaves nothing. */
    syscall(SYS_futex, &r->word, FUTEX_WAKE, INT_MAX, (void *)0, (void *)0, 0);
#endif
}

static void publish(insula_ring *r, uint64_t first, uint64_t n, uint64_t t, uint64_t step) {
    uint64_t k = atomic_load_explicit(&r->chead, memory_order_relaxed);
    insula_record *rec = record_at(r, k);
    atomic_store_explicit(&rec->first, first, memory_order_relaxed);
    atomic_store_explicit(&rec->n, n, memory_order_relaxed);
    atomic_store_explicit(&rec->t, t, memory_order_relaxed);
    atomic_store_explicit(&rec->step, step, memory_order_relaxed);
    atomic_store_explicit(&r->head, first + n, memory_order_release); /* order 2: data before head */
    atomic_store_explicit(&r->chead, k + 1, memory_order_release);
    wake(r);
}

int insula_ring_abi(void) { return INSULA_RING_ABI; }

uint64_t insula_ring_begin(insula_ring *r, uint64_t n) {
    uint64_t at = atomic_load_explicit(&r->head, memory_order_relaxed);
    /* Never back: what an abandoned begin may have dirtied stays declared dirty. */
    if (at + n > atomic_load_explicit(&r->reserve, memory_order_relaxed))
        atomic_store_explicit(&r->reserve, at + n, memory_order_relaxed);
    /* Order 1: reserve before data. A release fence is no instruction on x86, where memcpy may use
     * non-temporal stores that x86 does not keep behind older ones. */
    atomic_thread_fence(memory_order_seq_cst);
    return at;
}

void insula_ring_commit(insula_ring *r, uint64_t n, double t, double step) {
    publish(r, atomic_load_explicit(&r->head, memory_order_relaxed), n, bits(t), bits(step));
}

/* Copy n samples to their place, the first ones of a lap also behind the end. */
static void fill(insula_ring *r, uint64_t pos, const char *src, uint64_t n) {
    char *data = (char *)r + r->data_off;
    uint64_t item = r->item, cap = r->cap, mirror = r->mirror;
    uint64_t before = n < cap - pos ? n : cap - pos, rest = n - before;
    memcpy(data + pos * item, src, before * item);
    memcpy(data, src + before * item, rest * item);
    if (pos < mirror)
        memcpy(data + (cap + pos) * item, src, (before < mirror - pos ? before : mirror - pos) * item);
    memcpy(data + cap * item, src + before * item, (rest < mirror ? rest : mirror) * item);
}

/* The usual block in one call: n samples whose times rise evenly, by at most `gap`, from after `newest`.
 * 0: it is not such a block and nothing happened; stream_times.py has the rules in full. */
int insula_ring_push(insula_ring *r, const char *src, const double *times, uint64_t n, double gap,
                     double newest) {
    double step = 0;
    if (n == 0 || n > r->cap || !(times[0] > newest) || !(times[n - 1] < INFINITY))
        return 0;
    if (n > 1) {
        step = (times[n - 1] - times[0]) / (double)(n - 1);
        double tolerance = step / 4 < 1e-6 ? step / 4 : 1e-6;
        if (!(step > 0 && step <= gap))
            return 0;
        for (uint64_t i = 1; i < n; i++)
            if (!(fabs(times[i] - (times[0] + step * (double)i)) <= tolerance))
                return 0;
    }
    fill(r, insula_ring_begin(r, n) % r->cap, src, n);
    insula_ring_commit(r, n, times[n - 1], step);
    return 1;
}

/* A writer that inherits the ring of a killed one: samples that were reserved or committed without a
 * record may be torn; they become one record marked as a gap. Returns their number. */
uint64_t insula_ring_takeover(insula_ring *r) {
    uint64_t k = atomic_load_explicit(&r->chead, memory_order_acquire);
    uint64_t dirty = atomic_load_explicit(&r->reserve, memory_order_acquire);
    uint64_t end = 0, t = 0;
    if (k > 0) {
        insula_record *last = record_at(r, k - 1);
        end = atomic_load_explicit(&last->first, memory_order_relaxed) +
              atomic_load_explicit(&last->n, memory_order_relaxed);
        t = atomic_load_explicit(&last->t, memory_order_relaxed);
    }
    r->generation += 1;
    atomic_store_explicit(&r->ended, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    publish(r, end, dirty - end, t, GAP);
    return dirty - end;
}

void insula_ring_end(insula_ring *r) {
    atomic_store_explicit(&r->ended, 1, memory_order_release);
    wake(r);
}

uint64_t insula_ring_head(const insula_ring *r) { /* order 3: head before data */
    return atomic_load_explicit(&((insula_ring *)r)->head, memory_order_acquire);
}

uint64_t insula_ring_chead(const insula_ring *r) {
    return atomic_load_explicit(&((insula_ring *)r)->chead, memory_order_acquire);
}

/* Order 4: what was read before this call is read before the counter. */
uint64_t insula_ring_fenced_chead(const insula_ring *r) {
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&((insula_ring *)r)->chead, memory_order_relaxed);
}

uint64_t insula_ring_fenced_reserve(const insula_ring *r) {
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&((insula_ring *)r)->reserve, memory_order_relaxed);
}

int insula_ring_valid(const insula_ring *r, uint64_t first) {
    return insula_ring_fenced_reserve(r) <= first + r->cap;
}

/* Whether record k and the samples from `first` on, read before this call, were whole. */
int insula_ring_intact(const insula_ring *r, uint64_t k, uint64_t first) {
    return insula_ring_fenced_chead(r) - k < r->ccap && insula_ring_valid(r, first);
}

uint32_t insula_ring_word(const insula_ring *r) {
    return atomic_load_explicit(&((insula_ring *)r)->word, memory_order_acquire);
}

/* Sleep until the word is no longer `seen`. 1: it changed or a signal came; 0: time is up; -1: no futex here. */
int insula_ring_wait(const insula_ring *r, uint32_t seen, int64_t timeout_ns) {
#if defined(__linux__)
    struct timespec t = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
    if (syscall(SYS_futex, &r->word, FUTEX_WAIT, seen, &t, (void *)0, 0) == -1 && errno == ETIMEDOUT)
        return 0;
    return 1;
#else
    (void)r, (void)seen, (void)timeout_ns;
    return -1;
#endif
}
