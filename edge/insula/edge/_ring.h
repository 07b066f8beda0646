/* The ring between one writer and any number of readers: header, records, data in one mapping.
 *
 * Counters are monotonic 64-bit sample and chunk numbers; sample i stands at i mod cap. The first
 * `mirror` samples are repeated after the end, so that the newest window is contiguous. Readers write
 * nothing and may map the ring read-only. docs/ring.md has the protocol; tests/edge/ring.pml its model.
 */
#ifndef INSULA_RING_H
#define INSULA_RING_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#define INSULA_RING_ABI 1

#if defined(_WIN32)
#define INSULA_API __declspec(dllexport)
#else
#define INSULA_API __attribute__((visibility("default")))
#endif

/* Offsets are repeated in ring_layout.py; test_ring_native.py compares the two. */
typedef struct {
    uint32_t magic, flags;
    uint64_t item, cap, mirror, ccap, rec_off, data_off, total;
    alignas(64) _Atomic uint64_t reserve; /* samples before this number may be dirty already */
    alignas(64) _Atomic uint64_t head;    /* samples committed */
    _Atomic uint64_t chead;               /* chunks committed */
    alignas(64) _Atomic uint32_t word;    /* futex word, bumped at every commit */
    _Atomic uint32_t ended;               /* 1 once the writer has ended the stream */
    alignas(64) uint64_t generation;      /* writers that have owned this file */
    uint64_t meta_len;                    /* bytes of JSON after the header */
} insula_ring;

/* A chunk: t is the time of its last sample, step the time between two, both as the bits of float64 s. */
typedef struct {
    _Atomic uint64_t first, n, t, step;
} insula_record;

INSULA_API int insula_ring_abi(void);

/* Writer. */
INSULA_API uint64_t insula_ring_begin(insula_ring *r, uint64_t n);
INSULA_API void insula_ring_commit(insula_ring *r, uint64_t n, double t, double step);
INSULA_API int insula_ring_push(insula_ring *r, const char *src, const double *times, uint64_t n, double gap,
                                double newest);
INSULA_API uint64_t insula_ring_takeover(insula_ring *r);
INSULA_API void insula_ring_end(insula_ring *r);

/* Readers. */
INSULA_API uint64_t insula_ring_head(const insula_ring *r);
INSULA_API uint64_t insula_ring_chead(const insula_ring *r);
INSULA_API uint64_t insula_ring_fenced_chead(const insula_ring *r);
INSULA_API uint64_t insula_ring_fenced_reserve(const insula_ring *r);
INSULA_API int insula_ring_valid(const insula_ring *r, uint64_t first);
INSULA_API int insula_ring_intact(const insula_ring *r, uint64_t k, uint64_t first);
INSULA_API uint32_t insula_ring_word(const insula_ring *r);
INSULA_API int insula_ring_wait(const insula_ring *r, uint32_t seen, int64_t timeout_ns);

#endif
