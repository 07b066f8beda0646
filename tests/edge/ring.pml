/* The ring's protocol for Spin: one writer (which may be killed once and succeeded), one reader.
 *
 * tests/edge/test_ring_model.py runs it with these switches:
 *   (none)        loads and stores happen in program order, as on x86-64 or under one lock
 *   WEAK          the writer's stores reach memory in any order, the reader's loads happen in any order
 *   WRITER_FENCE  in WEAK: the fence after `reserve` and the release stores of _ring.c
 *   READER_FENCE  in WEAK: the acquire loads and fences of _ring.c
 *   KILL          the writer may die at any step; its successor takes over
 *   ABANDON       a frame may be given up half drawn, once; the next one takes its place
 * and with mistakes that must be found: NO_RESERVE, LAX_VALID, LAX_RECORD, NO_TAKEOVER, TAKE_BACK.
 *
 * A chunk is one sample of two words, each holding the sample's number + 1. The order that WEAK leaves
 * is freer than any real machine's (a store buffer that drains freely, one place at a time).
 */
#ifndef CHUNKS
#define CHUNKS 5
#endif
#define CAP 2
#define CCAP 2

#define RESERVE 0
#define HEAD 1
#define CHEAD 2
#define REC(k, w) (3 + ((k) % CCAP) * 2 + (w))
#define DATA(i, w) (7 + ((i) % CAP) * 2 + (w))
#define PLACES 11

/* Second word of a record: first + 16 n + 64 gap. The first word is `first`. */
#define PACK(first, n, gap) ((first) + 16 * (n) + 64 * (gap))

#define WRONG 15 /* what a drawing that failed leaves behind */

byte mem[PLACES];
bool done = false;

#ifdef WEAK
byte held[PLACES];   /* value on its way to memory */
short after[PLACES]; /* places that must be written before it */
short pending = 0;   /* bit set of places with a value on its way */

inline store(place, value) {
    atomic { !(pending & (1 << (place))) ->
        held[place] = value; after[place] = 0; pending = pending | (1 << (place)) }
}
inline fence() { pending == 0 }
active proctype drain() {
    byte p;
end:
    do
    :: atomic { pending != 0 -> select(p : 0 .. 10);
        if
        :: (pending & (1 << p)) && !(pending & after[p] & ~(1 << p)) ->
            mem[p] = held[p]; held[p] = 0; after[p] = 0; pending = pending & ~(1 << p)
        :: else
        fi;
        p = 0 }
    od
}
#else
inline store(place, value) { mem[place] = value }
inline fence() { skip }
#endif

#if defined(WEAK) && defined(WRITER_FENCE)
inline release(place, value) {
    atomic { !(pending & (1 << (place))) ->
        held[place] = value; after[place] = pending; pending = pending | (1 << (place)) }
}
inline writer_fence() { fence() }
#else
inline release(place, value) { store(place, value) }
inline writer_fence() { skip }
#endif

#ifdef KILL
#define MAY_DIE if :: !died -> died = true; goto dead :: true fi
#else
#define MAY_DIE skip
#endif

active proctype writer() {
    byte head = 0, chunks = 0, dirty;
    bool died = false;
#ifdef ABANDON
    bool gave_up = false;
#endif
push:
    do
    :: chunks < CHUNKS ->
#ifndef NO_RESERVE
        store(RESERVE, head + 1);
#endif
        writer_fence();
        MAY_DIE;
#ifdef ABANDON
        if
        :: !gave_up ->
            gave_up = true;
            store(DATA(head, 0), WRONG);
#ifdef TAKE_BACK
            store(RESERVE, head);
#endif
            goto push
        :: true
        fi;
#endif
        store(DATA(head, 0), head + 1);
        MAY_DIE;
        store(DATA(head, 1), head + 1);
        MAY_DIE;
        store(REC(chunks, 0), head);
        MAY_DIE;
        store(REC(chunks, 1), PACK(head, 1, 0));
        MAY_DIE;
        release(HEAD, head + 1);
        MAY_DIE;
        release(CHEAD, chunks + 1);
        head++;
        chunks++;
        MAY_DIE
    :: else -> break
    od;
    done = true;
    goto through;
dead:
    fence(); /* what a killed process has stored does reach memory */
    chunks = mem[CHEAD];
    dirty = mem[RESERVE];
    if
    :: chunks == 0 -> head = 0
    :: else -> head = mem[REC(chunks - 1, 0)] + (mem[REC(chunks - 1, 1)] / 16) % 4
    fi;
#ifdef NO_TAKEOVER
    store(REC(chunks, 0), head);
    store(REC(chunks, 1), PACK(head, dirty - head, 0));
#else
    writer_fence();
    store(REC(chunks, 0), head);
    store(REC(chunks, 1), PACK(head, dirty - head, 1));
#endif
    release(HEAD, dirty);
    release(CHEAD, chunks + 1);
    head = dirty;
    chunks++;
    goto push;
through:
    skip
}

#ifdef LAX_VALID
#define CLEAN(reserve, first) ((reserve) <= (first) + CAP + 1)
#else
#define CLEAN(reserve, first) ((reserve) <= (first) + CAP)
#endif
#ifdef LAX_RECORD
#define INTACT(now, k) ((now) - (k) <= CCAP)
#else
#define INTACT(now, k) ((now) - (k) < CCAP)
#endif

#if !defined(WEAK) || defined(READER_FENCE)
#define IN_ORDER(earlier) ((loaded & (earlier)) == (earlier))
#else
#define IN_ORDER(earlier) true
#endif

/* One look at chunk k, at any time: five loads, one bit each in `loaded`. A reader keeps nothing from one
 * look to the next, so one is enough. */
#define SEEN 1
#define RECORD 2
#define NOW 4
#define SAMPLES 8
#define DIRTY 16
active proctype reader() {
    byte k, seen, first, rest, now, word0, word1, reserve, loaded;
    select(k : 0 .. 5);
    do
    :: !(loaded & SEEN) ->
        atomic { seen = mem[CHEAD]; loaded = loaded | SEEN; if :: seen <= k -> goto out :: else fi }
    :: !(loaded & RECORD) && IN_ORDER(SEEN) ->
        first = mem[REC(k, 0)];
        rest = mem[REC(k, 1)];
        loaded = loaded | RECORD
    :: !(loaded & NOW) && IN_ORDER(SEEN + RECORD) ->
        atomic { now = mem[CHEAD]; loaded = loaded | NOW; if :: !INTACT(now, k) -> goto out :: else fi }
    :: !(loaded & SAMPLES) && (loaded & RECORD) -> /* their address stands in the record */
        word0 = mem[DATA(first, 0)];
        word1 = mem[DATA(first, 1)];
        loaded = loaded | SAMPLES
    :: !(loaded & DIRTY) && IN_ORDER(SAMPLES) ->
        reserve = mem[RESERVE];
        loaded = loaded | DIRTY
    :: (loaded & (SEEN + RECORD + NOW)) == SEEN + RECORD + NOW && first != rest % 16 ->
        assert(false) /* a torn record was believed */
    :: loaded == SEEN + RECORD + NOW + SAMPLES + DIRTY ->
        /* no torn sample is believed */
        assert(rest >= 64 || !CLEAN(reserve, first) || (word0 == first + 1 && word1 == first + 1));
        break
    od;
out:
    skip
}

ltl finishes { <> done }
