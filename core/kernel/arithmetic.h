/* The arithmetic of the kernel, for one instruction set and one precision: a template that kernel.c includes.
 *
 * kernel.c defines ISA (a part of every name), BYTES (of a vector), ROWS (of a tile of a dense product) and BLOCK
 * (vectors in a block of a sparse one); this file then includes itself with T and U as float and uint32_t, and as
 * double and uint64_t.
 *
 * The same bits everywhere: a sum runs over one index in one order, and the lanes of a vector are always different
 * outputs, never parts of one sum. So neither the width of a vector nor the compiler changes a result, as long as
 * nothing is contracted to a fused multiply-add (-ffp-contract=off).
 *
 * Rows of matrices are padded to whole blocks of 64 bytes; the padding is zero where it could reach a real lane.
 */
#ifndef T
#define T float
#define U uint32_t
#define PRECISION f32
#include "arithmetic.h"
#undef T
#undef U
#undef PRECISION
#define T double
#define U uint64_t
#define PRECISION f64
#include "arithmetic.h"
#undef T
#undef U
#undef PRECISION
#undef ISA
#undef BYTES
#undef ROWS
#undef BLOCK
#else

#define JOIN_(a, b, c) a##_##b##_##c
#define JOIN(a, b, c) JOIN_(a, b, c)
#define NAME(x) JOIN(x, PRECISION, ISA)
#define V NAME(vector)
#define M NAME(mask)
#define LANES (BYTES / (int)sizeof(T))
#define AT(p) (*(V *)(p))
#define DOUBLE (sizeof(T) == 8)
#define EACH(count) for (int64_t i = 0; i < (count); i += LANES)

typedef T V __attribute__((vector_size(BYTES), may_alias));
typedef U M __attribute__((vector_size(BYTES), may_alias));

/* ---- functions of a vector ------------------------------------------------------------------------------------ */

static INLINE V NAME(choose)(M mask, V yes, V no) { return (V)((mask & (M)yes) | (~mask & (M)no)); }

static INLINE V NAME(magnitude)(V x) { return (V)((M)x & ~((U)1 << (8 * sizeof(T) - 1))); }

/* e^x for x <= 0 in two parts, power * (1 + rest): x = k ln 2 + r with |r| <= ln 2 / 2, power = 2^k and rest = e^r - 1
 * by its series. x below -708 (-87 in float) counts as that. */
static INLINE V NAME(exp_parts)(V x, V *power) {
    const T lowest = DOUBLE ? (T)-708.0 : (T)-87.0;
    const T rounder = DOUBLE ? (T)0x1.8p52 : (T)0x1.8p23; /* added and taken away, it leaves a whole number */
    const int mantissa = DOUBLE ? 52 : 23;
    x = NAME(choose)((M)(x < lowest), (V){0} + lowest, x); /* NaN stays NaN */
    V k = x * (T)0x1.71547652b82fep+0 + rounder;
    *power = (V)(((M)k << mantissa) + ((U)(DOUBLE ? 1023 : 127) << mantissa));
    k -= rounder;
    V r = x - k * (DOUBLE ? (T)0x1.62e42feep-1 : (T)0x1.62e4p-1); /* the head of ln 2 has so few bits that k * it is exact */
    r -= k * (DOUBLE ? (T)0x1.a39ef35793c76p-33 : (T)0x1.7f7d1cf8p-20);
    V rest = (V){0} + (T)(1.0 / FACTORIAL[DOUBLE ? 13 : 7]);
    UNROLL
    for (int i = DOUBLE ? 12 : 6; i > 0; i--) rest = rest * r + (T)(1.0 / FACTORIAL[i]);
    return rest * r;
}

static INLINE V NAME(exp)(V x) { /* of x <= 0 */
    V power, rest = NAME(exp_parts)(x, &power);
    return NAME(choose)((M)(x < (DOUBLE ? (T)-708.0 : (T)-87.0)), (V){0}, power + power * rest);
}

/* tanh |x| = -e / (e + 2) with e = e^(-2|x|) - 1: nothing cancels near 0, nothing overflows far out. */
static INLINE V NAME(tanh)(V x) {
    V power, rest = NAME(exp_parts)(NAME(magnitude)(x) * (T)-2, &power);
    const V e = (power - (T)1) + power * rest;
    const V size = -e / (e + (T)2);
    return (V)((M)size | ((M)x & ((U)1 << (8 * sizeof(T) - 1))));
}

static INLINE V NAME(sigmoid)(V z) { return NAME(tanh)(z * (T)0.5) * (T)0.5 + (T)0.5; }

/* ln(1 + t) for 0 <= t <= 1, as 2 artanh(t / (2 + t)) by its series. */
static INLINE V NAME(log1p)(V t) {
    const V f = t / (t + (T)2), square = f * f;
    V sum = {0};
    UNROLL
    for (int i = DOUBLE ? 17 : 8; i > 0; i--) sum = sum * square + (T)(1.0 / (2 * i + 1));
    return (f + f * (sum * square)) * (T)2;
}

/* ln x for x >= 1. Infinity and NaN stay what they are. */
static T NAME(log)(T x) {
    const int mantissa = DOUBLE ? 52 : 23, bias = DOUBLE ? 1023 : 127;
    U bits;
    if (!(x < (T)1e30)) return x;
    memcpy(&bits, &x, sizeof x);
    const T k = (T)((int)(bits >> mantissa) - bias);
    bits = (bits & (((U)1 << mantissa) - 1)) | ((U)bias << mantissa);
    memcpy(&x, &bits, sizeof x);
    return k * (T)0x1.62e42fefa39efp-1 + NAME(log1p)((V){0} + (x - (T)1))[0];
}

/* ---- products ------------------------------------------------------------------------------------------------- */

/* A tile of C: with a bias C = bias + A B, without C = keep C - A B. Element (r, k) of A is a[r a_row + k a_column]. */
static INLINE void NAME(tile)(const int rows, const int vectors, int64_t depth, const T *a, int64_t a_row,
                              int64_t a_column, const T *b, int64_t b_row, T *c, int64_t c_row, const T *bias,
                              T keep) {
    V sum[ROWS][2] = {{{0}}};
    for (int64_t k = 0; k < depth; k++) {
        UNROLL
        for (int r = 0; r < rows; r++) {
            const T left = a[r * a_row + k * a_column];
            UNROLL
            for (int v = 0; v < vectors; v++) sum[r][v] += left * AT(b + k * b_row + v * LANES);
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
        for (int v = 0; v < vectors; v++) {
            T *to = c + r * c_row + v * LANES;
            AT(to) = bias ? sum[r][v] + AT(bias + v * LANES) : AT(to) * keep - sum[r][v];
        }
}

/* The same for a whole C of so many rows and lanes. */
static void NAME(product)(int64_t rows, int64_t lanes, int64_t depth, const T *a, int64_t a_row, int64_t a_column,
                          const T *b, int64_t b_row, T *c, int64_t c_row, const T *bias, T keep) {
#define TILE(height, vectors)                                                                                    \
    NAME(tile)(height, vectors, depth, a + r * a_row, a_row, a_column, b + at, b_row, c + r * c_row + at, c_row, \
               bias ? bias + at : 0, keep)
    for (int64_t at = 0; at < lanes; at += 2 * LANES) {
        const int two = lanes - at >= 2 * LANES;
        int64_t r = 0;
        for (; r + ROWS <= rows; r += ROWS) {
            if (two) TILE(ROWS, 2);
            else TILE(ROWS, 1);
        }
        for (; r + 2 <= rows; r += 2) {
            if (two) TILE(2, 2);
            else TILE(2, 1);
        }
        if (r < rows) {
            if (two) TILE(1, 2);
            else TILE(1, 1);
        }
    }
#undef TILE
}

/* z = bias + scale * (sum of value * row of w) over the listed inputs. Four partial sums, added pairwise at the end,
 * hide the latency of an addition. */
static INLINE void NAME(gather_block)(const int vectors, int64_t count, const uint16_t *index, const T *value,
                                      const T *w, int64_t w_row, const T *bias, T scale, T *z) {
    V sum[4][BLOCK] = {{{0}}};
    int64_t q = 0;
    for (; q + 4 <= count; q += 4)
        UNROLL
        for (int chain = 0; chain < 4; chain++)
            UNROLL
            for (int v = 0; v < vectors; v++)
                sum[chain][v] += value[q + chain] * AT(w + index[q + chain] * w_row + v * LANES);
    for (; q < count; q++)
        UNROLL
        for (int v = 0; v < vectors; v++) sum[0][v] += value[q] * AT(w + index[q] * w_row + v * LANES);
    UNROLL
    for (int v = 0; v < vectors; v++)
        AT(z + v * LANES) = ((sum[0][v] + sum[1][v]) + (sum[2][v] + sum[3][v])) * scale + AT(bias + v * LANES);
}

static void NAME(gather)(int64_t lanes, int64_t count, const uint16_t *index, const T *value, const T *w,
                         const T *bias, T scale, T *z) {
    int64_t at = 0;
    for (; at + BLOCK * LANES <= lanes; at += BLOCK * LANES)
        NAME(gather_block)(BLOCK, count, index, value, w + at, lanes, bias + at, scale, z + at);
    for (; at + 2 * LANES <= lanes; at += 2 * LANES)
        NAME(gather_block)(2, count, index, value, w + at, lanes, bias + at, scale, z + at);
    if (at < lanes) NAME(gather_block)(1, count, index, value, w + at, lanes, bias + at, scale, z + at);
}

/* row of w -= value * d for the listed inputs. */
static INLINE void NAME(scatter_block)(const int vectors, int64_t count, const uint16_t *index, const T *value, T *w,
                                       int64_t w_row, const T *d) {
    V step[4];
    UNROLL
    for (int v = 0; v < vectors; v++) step[v] = AT(d + v * LANES);
    for (int64_t q = 0; q < count; q++) {
        T *row = w + index[q] * w_row;
        UNROLL
        for (int v = 0; v < vectors; v++) AT(row + v * LANES) -= value[q] * step[v];
    }
}

static void NAME(scatter)(int64_t lanes, int64_t count, const uint16_t *index, const T *value, T *w, const T *d) {
    int64_t at = 0;
    for (; at + 4 * LANES <= lanes; at += 4 * LANES)
        NAME(scatter_block)(4, count, index, value, w + at, lanes, d + at);
    for (; at + 2 * LANES <= lanes; at += 2 * LANES)
        NAME(scatter_block)(2, count, index, value, w + at, lanes, d + at);
    if (at < lanes) NAME(scatter_block)(1, count, index, value, w + at, lanes, d + at);
}

/* ---- working memory ------------------------------------------------------------------------------------------- */

/* Of layer l: weights w, their transpose t but for the first layer, biases b; z, then activations a, and errors d of a
 * mini-batch. x holds its inputs where they aren't listed, y its wanted outputs, weight by which each example
 * counts, zero a row of zeros. */
typedef struct {
    T *w[MAX_LAYERS], *t[MAX_LAYERS], *b[MAX_LAYERS], *a[MAX_LAYERS], *d[MAX_LAYERS], *x, *y, *weight, *zero;
    int64_t lanes[MAX_LAYERS + 1]; /* of a padded row of as many numbers as layer l has inputs */
} NAME(memory);

static int64_t NAME(padded)(int64_t size) {
    const int64_t block = 64 / (int64_t)sizeof(T);
    return (size + block - 1) / block * block;
}

/* Lay out the working memory from base on (null: only count) and return how many bytes it takes. */
static int64_t NAME(lay_out)(NAME(memory) *o, const tl_network *net, int64_t m, int listed, char *base) {
    int64_t used = 0, widest = 0;
#define TAKE(count) (T *)((uintptr_t)base + (uintptr_t)used), used += (int64_t)sizeof(T) * (count)
    for (int l = 0; l <= net->layers; l++) {
        o->lanes[l] = NAME(padded)(net->sizes[l]);
        if (o->lanes[l] > widest) widest = o->lanes[l];
    }
    for (int l = 0; l < net->layers; l++) {
        const int64_t lanes = o->lanes[l + 1];
        o->w[l] = TAKE(net->sizes[l] * lanes);
        o->t[l] = TAKE(l ? net->sizes[l + 1] * o->lanes[l] : 0);
        o->b[l] = TAKE(lanes);
        o->a[l] = TAKE(m * lanes);
        o->d[l] = TAKE(m * lanes);
    }
    o->x = TAKE(listed ? 0 : m * o->lanes[0]);
    o->y = TAKE(m * o->lanes[net->layers]);
    o->weight = TAKE(NAME(padded)(m));
    o->zero = TAKE(widest);
#undef TAKE
    return used;
}

/* Copy the parameters in; work is so many bytes as tl_memory says, of any alignment, and is cleared first. */
static void NAME(open)(NAME(memory) *o, const tl_network *net, int64_t m, int listed, void *work) {
    char *base = (char *)(((uintptr_t)work + 63) / 64 * 64);
    memset(base, 0, (size_t)NAME(lay_out)(o, net, m, listed, base));
    for (int l = 0; l < net->layers; l++) {
        const int64_t in = net->sizes[l], out = net->sizes[l + 1];
        for (int64_t i = 0; i < in; i++)
            memcpy(o->w[l] + i * o->lanes[l + 1], (const T *)net->weights[l] + i * out, (size_t)out * sizeof(T));
        memcpy(o->b[l], net->biases[l], (size_t)out * sizeof(T));
        if (l)
            for (int64_t i = 0; i < in; i++)
                for (int64_t j = 0; j < out; j++)
                    o->t[l][j * o->lanes[l] + i] = o->w[l][i * o->lanes[l + 1] + j];
    }
}

static void NAME(copy_out)(const NAME(memory) *o, const tl_network *net) {
    for (int l = 0; l < net->layers; l++) {
        const int64_t in = net->sizes[l], out = net->sizes[l + 1];
        for (int64_t i = 0; i < in; i++)
            memcpy((T *)net->weights[l] + i * out, o->w[l] + i * o->lanes[l + 1], (size_t)out * sizeof(T));
        memcpy(net->biases[l], o->b[l], (size_t)out * sizeof(T));
    }
}

/* ---- forward and backward ------------------------------------------------------------------------------------- */

/* a from z, in place. Where f(0) isn't 0 the padding is cleared again. */
static void NAME(activate)(int function, T *z, int64_t rows, int64_t lanes, int64_t width) {
    const int64_t all = rows * lanes;
    if (function == TL_SIGMOID) {
        EACH(all) AT(z + i) = NAME(sigmoid)(AT(z + i));
        for (int64_t r = 0; r < rows; r++) memset(z + r * lanes + width, 0, (size_t)(lanes - width) * sizeof(T));
    } else if (function == TL_TANH) {
        EACH(all) AT(z + i) = NAME(tanh)(AT(z + i));
    } else if (function == TL_RELU) {
        EACH(all) AT(z + i) = NAME(choose)((M)(AT(z + i) < (T)0), (V){0}, AT(z + i));
    } else if (function == TL_LEAKY_RELU) {
        EACH(all) AT(z + i) = NAME(choose)((M)(AT(z + i) < (T)0), AT(z + i) * (T)0.01, AT(z + i));
    }
}

/* d *= the slope at z, from a alone. */
static void NAME(slope)(int function, const T *a, T *d, int64_t all) {
    if (function == TL_SIGMOID) EACH(all) AT(d + i) *= ((T)1 - AT(a + i)) * AT(a + i);
    else if (function == TL_TANH) EACH(all) AT(d + i) *= (T)1 - AT(a + i) * AT(a + i);
    else if (function == TL_RELU) EACH(all) AT(d + i) *= NAME(choose)((M)(AT(a + i) > (T)0), (V){0} + (T)1, (V){0});
    else if (function == TL_LEAKY_RELU)
        EACH(all) AT(d + i) *= NAME(choose)((M)(AT(a + i) > (T)0), (V){0} + (T)1, (V){0} + (T)0.01);
}

/* z becomes e^z / sum of e^z. Returns the sum, e^(largest z) taken out; the largest z goes to top. */
static T NAME(softmax)(T *z, int64_t lanes, int64_t width, T *top) {
    T most = z[0], sum = 0;
    for (int64_t j = 1; j < width; j++) most = z[j] > most || z[j] != z[j] ? z[j] : most;
    EACH(lanes) AT(z + i) = NAME(exp)(AT(z + i) - most);
    for (int64_t j = 0; j < width; j++) sum += z[j];
    EACH(lanes) AT(z + i) /= (V){0} + sum;
    memset(z + width, 0, (size_t)(lanes - width) * sizeof(T));
    *top = most;
    return sum;
}

/* z of the last layer, in its a, for count examples: those numbered in ids, or else those from first on. `ahead` of the
 * ids may be looked at, to fetch what comes next. The first layer's weights are scale * w. */
static void NAME(forward)(const NAME(memory) *o, const tl_network *net, const tl_examples *data, const int64_t *ids,
                          int64_t first, int64_t count, int64_t ahead, T scale) {
    const int64_t in = net->sizes[0], out = net->sizes[net->layers];
    const T *value = data->values;
    for (int64_t e = 0; e < count; e++) {
        const int64_t id = ids ? ids[e] : first + e;
        T *y = o->y + e * o->lanes[net->layers];
        if (data->labels) memset(y, 0, (size_t)out * sizeof(T)), y[data->labels[id]] = 1;
        else memcpy(y, (const T *)data->targets + id * out, (size_t)out * sizeof(T));
        o->weight[e] = data->class_weights ? (T)data->class_weights[data->labels[id]] : 1;
        if (!data->index) {
            memcpy(o->x + e * o->lanes[0], value + id * in, (size_t)in * sizeof(T));
            continue;
        }
        if (ids && e + 8 < ahead) {
            const int64_t begin = data->start[ids[e + 8]], end = data->start[ids[e + 8] + 1];
            for (int64_t q = begin; q < end; q += 64 / (int64_t)sizeof(T)) __builtin_prefetch(value + q);
            for (int64_t q = begin; q < end; q += 32) __builtin_prefetch(data->index + q);
        }
        const int64_t from = data->start[id];
        NAME(gather)(o->lanes[1], data->start[id + 1] - from, data->index + from, value + from, o->w[0], o->b[0],
                     scale, o->a[0] + e * o->lanes[1]);
    }
    for (int l = 0; l < net->layers; l++) {
        const int64_t lanes = o->lanes[l + 1];
        if (l || !data->index)
            NAME(product)(count, lanes, net->sizes[l], l ? o->a[l - 1] : o->x, o->lanes[l], 1, o->w[l], lanes,
                          o->a[l], lanes, o->b[l], 0);
        if (l + 1 < net->layers) NAME(activate)(net->hidden, o->a[l], count, lanes, net->sizes[l + 1]);
    }
}

/* rate * weight * dC/dz of the last layer, in its d, from z in its a, which becomes the answer. */
static void NAME(error)(const NAME(memory) *o, const tl_network *net, int64_t count, T each) {
    const int last = net->layers - 1;
    const int64_t lanes = o->lanes[last + 1], width = net->sizes[last + 1];
    T top;
    if (net->output == TL_SIGMOID) NAME(activate)(TL_SIGMOID, o->a[last], count, lanes, width);
    for (int64_t e = 0; e < count; e++) {
        T *a = o->a[last] + e * lanes, *d = o->d[last] + e * lanes, *y = o->y + e * lanes;
        const T rate = each * o->weight[e];
        if (net->output == TL_SOFTMAX) NAME(softmax)(a, lanes, width, &top);
        if (net->cost == TL_QUADRATIC && net->output == TL_SIGMOID) {
            EACH(lanes) AT(d + i) = ((T)1 - AT(a + i)) * AT(a + i) * (AT(a + i) - AT(y + i)) * rate;
        } else if (net->cost == TL_QUADRATIC && net->output == TL_SOFTMAX) {
            T sum = 0;
            for (int64_t j = 0; j < width; j++) sum += (a[j] - y[j]) * a[j];
            EACH(lanes) AT(d + i) = (AT(a + i) - AT(y + i) - sum) * AT(a + i) * rate;
        } else if (net->cost == TL_LOG_LIKELIHOOD && net->output == TL_SIGMOID) {
            EACH(lanes) AT(d + i) = (AT(a + i) - (T)1) * AT(y + i) * rate;
        } else {
            EACH(lanes) AT(d + i) = (AT(a + i) - AT(y + i)) * rate;
        }
    }
}

/* The scaled weights of a listed first layer as plain ones. */
static void NAME(fold)(const NAME(memory) *o, const tl_network *net, double *scale) {
    if (*scale != 1) EACH(net->sizes[0] * o->lanes[1]) AT(o->w[0] + i) *= (T)*scale;
    *scale = 1;
}

static void NAME(train)(const tl_network *net, const tl_examples *data, const tl_steps *steps, void *work) {
    NAME(memory) o;
    const int64_t m = steps->mini_batch, total = steps->count;
    const int listed = data->index != 0;
    NAME(open)(&o, net, m < total ? m : total, listed, work);
    double scale = 1; /* a listed first layer's weights are scale * w: decay needn't pass over all of them */
    int64_t step = steps->first_step;
    for (int64_t at = 0; at < total; at += m) {
        const int64_t *ids = steps->order + at, size = total - at < m ? total - at : m;
        step++;
        const double keep = step % steps->decay_every ? 1 : steps->decay;
        NAME(forward)(&o, net, data, ids, 0, size, total - at, (T)scale);
        NAME(error)(&o, net, size, (T)(steps->eta / (double)size));
        for (int l = net->layers - 1; l >= 0; l--) {
            const int64_t in = net->sizes[l], out = net->sizes[l + 1], below = o.lanes[l], lanes = o.lanes[l + 1];
            const T *a = l ? o.a[l - 1] : o.x;
            T *d = o.d[l];
            EACH(lanes) {
                V sum = {0};
                for (int64_t e = 0; e < size; e++) sum += AT(d + e * lanes + i);
                AT(o.b[l] + i) -= sum;
            }
            if (l) { /* the error of the layer below, before these weights move */
                NAME(product)(size, below, out, d, lanes, 1, o.t[l], below, o.d[l - 1], below, o.zero, 0);
                NAME(slope)(net->hidden, a, o.d[l - 1], size * below);
                NAME(product)(out, below, size, d, 1, lanes, a, below, o.t[l], below, 0, (T)keep);
            }
            if (l || !listed) {
                NAME(product)(in, lanes, size, a, 1, below, d, lanes, o.w[l], lanes, 0, (T)keep);
                continue;
            }
            scale *= keep;
            if (step % TL_FOLD_EVERY == 0 || keep < 0.5 || scale < 1e-3) NAME(fold)(&o, net, &scale);
            EACH(size * lanes) AT(d + i) *= (T)(1 / scale);
            for (int64_t e = 0; e < size; e++) {
                const int64_t from = data->start[ids[e]], to = data->start[ids[e] + 1];
                NAME(scatter)(lanes, to - from, data->index + from, (const T *)data->values + from, o.w[0],
                              d + e * lanes);
            }
        }
    }
    if (listed) NAME(fold)(&o, net, &scale);
    NAME(copy_out)(&o, net);
}

/* ---- scoring -------------------------------------------------------------------------------------------------- */

/* C_x of one example from z, which becomes the answer where that is asked for; part is a row to work in. */
static double NAME(cost)(const tl_network *net, T *z, const T *y, T *part, int64_t lanes, int64_t width, int answer) {
    double sum = 0;
    T top = 0, log_sum = 0;
    memcpy(part, z, (size_t)lanes * sizeof(T));
    if (net->output == TL_SOFTMAX) log_sum = NAME(log)(NAME(softmax)(z, lanes, width, &top));
    else if (net->output == TL_SIGMOID && (answer || net->cost == TL_QUADRATIC))
        NAME(activate)(TL_SIGMOID, z, 1, lanes, width);
    EACH(lanes) {
        const V own = AT(part + i), wanted = AT(y + i), size = NAME(magnitude)(own);
        const V positive = (size + own) * (T)0.5; /* max(z, 0) */
        if (net->cost == TL_QUADRATIC)
            AT(part + i) = (AT(z + i) - wanted) * (AT(z + i) - wanted) * (T)0.5;
        else if (net->output == TL_SOFTMAX)
            AT(part + i) = wanted * (log_sum - (own - top));
        else if (net->cost == TL_CROSS_ENTROPY)
            AT(part + i) = positive - wanted * own + NAME(log1p)(NAME(exp)(-size));
        else
            AT(part + i) = wanted * (positive - own + NAME(log1p)(NAME(exp)(-size)));
    }
    for (int64_t j = 0; j < width; j++) sum += (double)part[j];
    return sum;
}

static void NAME(score)(const tl_network *net, const tl_examples *data, int64_t first, int64_t count, double *cost,
                        int32_t *largest, void *answers, void *work) {
    NAME(memory) o;
    NAME(open)(&o, net, TL_SCORE_BLOCK, data->index != 0, work);
    const int last = net->layers - 1;
    const int64_t lanes = o.lanes[last + 1], width = net->sizes[last + 1];
    for (int64_t at = 0; at < count; at += TL_SCORE_BLOCK) {
        const int64_t size = count - at < TL_SCORE_BLOCK ? count - at : TL_SCORE_BLOCK;
        NAME(forward)(&o, net, data, 0, first + at, size, 0, 1);
        for (int64_t e = 0; e < size; e++) {
            T *z = o.a[last] + e * lanes, *y = o.y + e * lanes;
            int64_t best = 0; /* the first of the largest; NaN counts as the largest, as in numpy */
            for (int64_t j = 1; j < width; j++)
                if (z[best] == z[best] && !(z[j] <= z[best])) best = j;
            largest[at + e] = (int32_t)best;
            *cost += NAME(cost)(net, z, y, o.d[last], lanes, width, answers != 0) *
                     (data->class_weights ? data->class_weights[data->labels[first + at + e]] : 1);
            if (answers) memcpy((T *)answers + (at + e) * width, z, (size_t)width * sizeof(T));
        }
    }
}

#undef JOIN_
#undef JOIN
#undef NAME
#undef V
#undef M
#undef LANES
#undef AT
#undef DOUBLE
#undef EACH
#endif
