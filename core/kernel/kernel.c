/* Mini-batch gradient descent, and scoring, of a small fully connected network: many steps in one call.
 *
 * Plain C with no library but libc's memcpy and memset, called through ctypes. Arrays belong to the caller, the working
 * memory too; nothing here allocates, reads a file or keeps a state, so calls may run in several threads. The caller
 * sees to it that labels and numbers of examples are within range.
 *
 * Build: cc -O3 -std=gnu11 -ffp-contract=off -fPIC -shared kernel.c (gcc or clang)
 */
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

enum { TL_VERSION = 1 }; /* goes up with every change of a result's bits */
enum { TL_SIGMOID, TL_TANH, TL_RELU, TL_LEAKY_RELU, TL_LINEAR, TL_SOFTMAX }; /* hidden, output */
enum { TL_QUADRATIC, TL_CROSS_ENTROPY, TL_LOG_LIKELIHOOD };                  /* cost */
enum { MAX_LAYERS = 32, TL_FOLD_EVERY = 64, TL_SCORE_BLOCK = 16 };

/* A network of `layers` layers of weights; sizes are layers + 1 numbers of neurons, inputs first. weights[l] is
 * (sizes[l], sizes[l+1]) in C order, biases[l] (sizes[l+1]). */
typedef struct {
    int32_t layers, hidden, output, cost;
    const int64_t *sizes;
    void **weights, **biases;
} tl_network;

/* Examples. With an index example e's inputs that aren't 0 are values[q] at index[q], start[e] <= q < start[e+1];
 * without, values is (examples, inputs). What is wanted are labels, or else targets, (examples, outputs). An example of
 * label k counts class_weights[k] times, unless that is null. */
typedef struct {
    const int64_t *start;
    const uint16_t *index;
    const void *values;
    const int32_t *labels;
    const void *targets;
    const double *class_weights;
} tl_examples;

/* Steps of training: `count` examples, by their numbers in `order`, mini_batch at a time (the rest at the end). Each
 * step is w = w - eta/m sum dC/dw and b = b - eta/m sum dC/db. Steps are counted from the beginning of the training,
 * and first_step were done before: at every decay_every-th w is multiplied by decay before it moves. */
typedef struct {
    const int64_t *order;
    int64_t count, mini_batch, first_step, decay_every;
    double eta, decay;
} tl_steps;

#define EXPORT __attribute__((visibility("default")))
#define INLINE inline __attribute__((always_inline))
#define TEXT(x) #x
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#define TARGET(x) _Pragma(TEXT(clang attribute push(__attribute__((target(x))), apply_to = function)))
#define TARGET_END _Pragma("clang attribute pop")
#else
#define UNROLL _Pragma("GCC unroll 18")
#define TARGET(x) _Pragma("GCC push_options") _Pragma(TEXT(GCC target(x)))
#define TARGET_END _Pragma("GCC pop_options")
#endif

static const double FACTORIAL[] = {1.0,      1.0,       2.0,        6.0,         24.0,         120.0,       720.0,
                                   5040.0,   40320.0,   362880.0,   3628800.0,   39916800.0,   479001600.0, 6227020800.0};

/* A vector is as wide as the instruction set's registers: gcc keeps wider ones in memory. */
#define ISA base
#define BYTES 16
#define ROWS 4
#define BLOCK 2
#include "arithmetic.h"

#if defined(__x86_64__)
TARGET("avx2")
#define ISA avx2
#define BYTES 32
#define ROWS 4
#define BLOCK 2
#include "arithmetic.h"
TARGET_END

TARGET("avx512f,avx512bw,avx512dq,avx512vl")
#define ISA avx512
#define BYTES 64
#define ROWS 8
#define BLOCK 4
#include "arithmetic.h"
TARGET_END
#define DISPATCH(call) (isa == 2 ? call(avx512) : isa == 1 ? call(avx2) : call(base))
#else
#define DISPATCH(call) (call(base))
#endif

EXPORT int tl_version(void) { return TL_VERSION; }

#if defined(__clang__)
EXPORT const char *tl_compiler(void) { return __VERSION__; } /* which names it */
#else
EXPORT const char *tl_compiler(void) { return "gcc " __VERSION__; }
#endif

EXPORT int tl_fold_every(void) { return TL_FOLD_EVERY; }

/* The widest instruction set here: 0 the baseline (SSE2 on x86-64, NEON on ARM), 1 AVX2, 2 AVX-512. Results are the
 * same. Asked of the processor itself: __builtin_cpu_supports says no to everything where its runtime is a stub. */
EXPORT int tl_isa(void) {
#if defined(__x86_64__)
    const unsigned avx2 = 1u << 5, avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31; /* F, DQ, BW, VL */
    unsigned a, b, c, d, saved;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 27)) return 0;
    __asm__ volatile("xgetbv" : "=a"(saved), "=d"(d) : "c"(0)); /* the registers that the system saves */
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (saved & 0x06) != 0x06) return 0;
    if ((saved & 0xe6) == 0xe6 && (b & avx512) == avx512) return 2;
    if (b & avx2) return 1;
#endif
    return 0;
}

/* For each precision:
 * tl_memory  bytes of working memory that a training with mini-batches of m takes (scoring takes that of m = 16);
 * tl_train   trains in place;
 * tl_score   judges `count` examples from `first` on: their C_x are added to cost; largest, (count), is each one's
 *            largest output; answers, (count, outputs) unless null, its outputs;
 * tl_list    lists the nonzero inputs of `count` rows of x, numbered by `order` unless null, times scale; x is uint8 or
 *            of the precision. index and values have room for 8 more than there are. Returns how many there are. */
#define FUNCTIONS(p, type)                                                                                            \
    EXPORT int64_t tl_memory_##p(const tl_network *net, int64_t m, int listed) {                                      \
        memory_##p##_base o;                                                                                          \
        return lay_out_##p##_base(&o, net, m > TL_SCORE_BLOCK ? m : TL_SCORE_BLOCK, listed, 0) + 64;                  \
    }                                                                                                                 \
    EXPORT void tl_train_##p(int isa, const tl_network *net, const tl_examples *data, const tl_steps *steps,          \
                             void *work) {                                                                            \
        (void)isa;                                                                                                    \
        DISPATCH(TRAIN_##p);                                                                                          \
    }                                                                                                                 \
    EXPORT void tl_score_##p(int isa, const tl_network *net, const tl_examples *data, int64_t first, int64_t count,   \
                             double *cost, int32_t *largest, void *answers, void *work) {                             \
        (void)isa;                                                                                                    \
        DISPATCH(SCORE_##p);                                                                                          \
    }                                                                                                                 \
    EXPORT int64_t tl_list_##p(const void *x, int bytes, const int64_t *order, int64_t count, int64_t inputs,         \
                               double scale, int64_t *start, uint16_t *index, type *values) {                         \
        int64_t q = 0;                                                                                                \
        for (int64_t e = 0; e < count; e++) {                                                                         \
            const int64_t row = (order ? order[e] : e) * inputs;                                                      \
            int64_t i = 0;                                                                                            \
            start[e] = q;                                                                                             \
            if (bytes) {                                                                                              \
                const uint8_t *from = (const uint8_t *)x + row;                                                       \
                for (; i + 8 <= inputs; i += 8) {                                                                     \
                    uint64_t eight;                                                                                   \
                    memcpy(&eight, from + i, 8);                                                                      \
                    if (eight)                                                                                        \
                        for (int64_t j = i; j < i + 8; j++) {                                                         \
                            index[q] = (uint16_t)j, values[q] = (type)from[j] * (type)scale;                          \
                            q += from[j] != 0;                                                                        \
                        }                                                                                             \
                }                                                                                                     \
                for (; i < inputs; i++) {                                                                             \
                    index[q] = (uint16_t)i, values[q] = (type)from[i] * (type)scale;                                  \
                    q += from[i] != 0;                                                                                \
                }                                                                                                     \
                continue;                                                                                             \
            }                                                                                                         \
            const type *from = (const type *)x + row;                                                                 \
            for (; i < inputs; i++) {                                                                                 \
                index[q] = (uint16_t)i, values[q] = from[i] * (type)scale;                                            \
                q += from[i] != 0;                                                                                    \
            }                                                                                                         \
        }                                                                                                             \
        start[count] = q;                                                                                             \
        return q;                                                                                                     \
    }
#define TRAIN_f32(isa) train_f32_##isa(net, data, steps, work)
#define TRAIN_f64(isa) train_f64_##isa(net, data, steps, work)
#define SCORE_f32(isa) score_f32_##isa(net, data, first, count, cost, largest, answers, work)
#define SCORE_f64(isa) score_f64_##isa(net, data, first, count, cost, largest, answers, work)
FUNCTIONS(f32, float)
FUNCTIONS(f64, double)
