/* An epoch of mini-batch SGD for 784-30-10, sigmoid, cross-entropy, fused into one function; twice.
 *
 * epoch_plain is what one writes: loops over arrays, zero pixels skipped forward and in the gradient.
 * epoch_tuned is what this shape allows at most: rows padded to whole vectors, the pixels that aren't zero listed
 * once, sums kept in registers, the update written straight into the rows it touches, the next image fetched early.
 * Both are built with -O3 -march=native -ffast-math, for one core.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { IN = 784, HID = 30, OUT = 10, MOST = 1000 };

/* Without the bound -ffast-math turns a large negative z into NaN. */
static inline float sigmoid(float z) { return 1.0f / (1.0f + expf(-(z < -80.0f ? -80.0f : z))); }

void epoch_plain(const uint8_t *x, const uint8_t *y, const int64_t *order, int64_t n, int64_t m, float eta,
                 float *w1, float *b1, float *w2, float *b2) {
    static float g1[IN * HID], g2[HID * OUT], gb1[HID], gb2[OUT];
    for (int64_t start = 0; start < n; start += m) {
        int64_t count = n - start < m ? n - start : m;
        memset(g1, 0, sizeof g1), memset(g2, 0, sizeof g2), memset(gb1, 0, sizeof gb1), memset(gb2, 0, sizeof gb2);
        for (int64_t e = start; e < start + count; e++) {
            const uint8_t *p = x + order[e] * IN;
            float a[HID], o[OUT], d[HID];
            for (int j = 0; j < HID; j++) a[j] = b1[j];
            for (int i = 0; i < IN; i++)
                if (p[i]) {
                    float v = p[i] * (1.0f / 255);
                    for (int j = 0; j < HID; j++) a[j] += v * w1[i * HID + j];
                }
            for (int j = 0; j < HID; j++) a[j] = sigmoid(a[j]);
            for (int j = 0; j < OUT; j++) o[j] = b2[j];
            for (int i = 0; i < HID; i++)
                for (int j = 0; j < OUT; j++) o[j] += a[i] * w2[i * OUT + j];
            for (int j = 0; j < OUT; j++) o[j] = sigmoid(o[j]) - (j == y[order[e]]);
            for (int i = 0; i < HID; i++) {
                float back = 0;
                for (int j = 0; j < OUT; j++) {
                    back += o[j] * w2[i * OUT + j];
                    g2[i * OUT + j] += a[i] * o[j];
                }
                d[i] = back * a[i] * (1 - a[i]);
            }
            for (int j = 0; j < OUT; j++) gb2[j] += o[j];
            for (int j = 0; j < HID; j++) gb1[j] += d[j];
            for (int i = 0; i < IN; i++)
                if (p[i]) {
                    float v = p[i] * (1.0f / 255);
                    for (int j = 0; j < HID; j++) g1[i * HID + j] += v * d[j];
                }
        }
        float rate = eta / count;
        for (int i = 0; i < IN * HID; i++) w1[i] -= rate * g1[i];
        for (int i = 0; i < HID * OUT; i++) w2[i] -= rate * g2[i];
        for (int i = 0; i < HID; i++) b1[i] -= rate * gb1[i];
        for (int i = 0; i < OUT; i++) b2[i] -= rate * gb2[i];
    }
}

/* 16 floats. A row of w1 is two of them, 30 padded to 32; a row of w2 is one, 10 padded to 16. */
typedef float vec __attribute__((vector_size(64), aligned(4), may_alias));
enum { WIDTH = 16, WIDE = 32 };

void epoch_tuned(const uint8_t *restrict x, const uint8_t *restrict y, const int64_t *restrict order, int64_t n,
                 int64_t m, float eta, vec *restrict w1, vec *restrict b1, vec *restrict w2, vec *restrict b2) {
    static int16_t where[MOST][IN];
    static float ink[MOST][IN], hidden[MOST][WIDE], delta[MOST][WIDE];
    static int inked[MOST];
    static vec error[MOST];
    for (int64_t start = 0; start < n; start += m) {
        int64_t count = n - start < m ? n - start : m;
        float rate = eta / count;
        for (int64_t e = 0; e < count; e++) {
            const uint8_t *p = x + order[start + e] * IN;
            if (start + e + 8 < n)
                for (int i = 0; i < IN; i += 64) __builtin_prefetch(x + order[start + e + 8] * IN + i);
            int k = 0;
            for (int i = 0; i < IN; i += 8) {
                uint64_t eight;
                memcpy(&eight, p + i, 8);
                if (!eight) continue;
                for (int t = i; t < i + 8; t++) {
                    where[e][k] = t;
                    ink[e][k] = p[t] * (1.0f / 255);
                    k += p[t] != 0;
                }
            }
            inked[e] = k;
            vec low = b1[0], high = b1[1];
            for (int q = 0; q < k; q++) {
                const vec *w = w1 + 2 * where[e][q];
                low += ink[e][q] * w[0];
                high += ink[e][q] * w[1];
            }
            float *a = hidden[e], *d = delta[e];
            memcpy(a, &low, sizeof low), memcpy(a + WIDTH, &high, sizeof high);
            for (int j = 0; j < WIDE; j++) a[j] = sigmoid(a[j]);
            vec z = *b2;
            for (int i = 0; i < HID; i++) z += a[i] * w2[i];
            float o[WIDTH];
            memcpy(o, &z, sizeof z);
            for (int j = 0; j < WIDTH; j++) o[j] = j < OUT ? rate * sigmoid(o[j]) : 0;
            o[y[order[start + e]]] -= rate;
            memcpy(&z, o, sizeof z);
            error[e] = z;
            for (int i = 0; i < WIDE; i++) {
                vec product = z * w2[i];
                float back = 0;
                for (int j = 0; j < WIDTH; j++) back += product[j];
                d[i] = back * a[i] * (1 - a[i]);
            }
        }
        for (int64_t e = 0; e < count; e++) {
            vec z = error[e], low, high;
            for (int i = 0; i < HID; i++) w2[i] -= hidden[e][i] * z;
            *b2 -= z;
            memcpy(&low, delta[e], sizeof low), memcpy(&high, delta[e] + WIDTH, sizeof high);
            b1[0] -= low, b1[1] -= high;
            for (int q = 0; q < inked[e]; q++) {
                vec *w = w1 + 2 * where[e][q];
                w[0] -= ink[e][q] * low;
                w[1] -= ink[e][q] * high;
            }
        }
    }
}
