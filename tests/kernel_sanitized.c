/* Random shapes through every function of the kernel, in arrays of exactly the size that they may touch. Compiled with
 * AddressSanitizer and UBSan it ends with an error where the kernel reads or writes beyond, or does what C leaves
 * undefined; and where two instruction sets differ in a number. */
#include "kernel.c"

#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

static int64_t draw(int64_t below) { /* xorshift */
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (int64_t)(state % (uint64_t)below);
}

static double real(void) { return (double)(draw(2000001) - 1000000) / 1e6; }

/* The same bits, or both not a number: which of two NaNs an operation passes on isn't laid down. */
#define DIFFER(a, b) (memcmp(&(a), &(b), sizeof(a)) && !((a) != (a) && (b) != (b)))

#define TRY(p, type)                                                                                                  \
    static type *numbers_##p(int64_t count, int strange) {                                                            \
        type *array = malloc((size_t)count * sizeof(type));                                                           \
        for (int64_t i = 0; i < count; i++) array[i] = (type)real();                                                  \
        if (strange && count) array[draw(count)] = (type)(draw(2) ? 1e38 * 1e38 : draw(2) ? 1e30 : 0.0 / -0.0);       \
        return array;                                                                                                 \
    }                                                                                                                 \
    static void try_##p(void) {                                                                                       \
        const int layers = 1 + (int)draw(4), listed = (int)draw(2), bytes = (int)draw(2), labels = (int)draw(2);      \
        const int pairs[5][2] = {{TL_SIGMOID, TL_QUADRATIC}, {TL_SIGMOID, TL_CROSS_ENTROPY},                          \
                                 {TL_SIGMOID, TL_LOG_LIKELIHOOD}, {TL_LINEAR, TL_QUADRATIC},                          \
                                 {TL_SOFTMAX, TL_LOG_LIKELIHOOD}};                                                    \
        const int *pair = pairs[draw(5)];                                                                             \
        const int64_t n = 1 + draw(40), m = 1 + draw(n), count = 1 + draw(3 * n);                                     \
        int64_t sizes[5], room = 0;                                                                                   \
        for (int l = 0; l <= layers; l++) sizes[l] = 1 + draw(draw(4) ? 40 : 140);                                    \
        const int64_t in = sizes[0], out = sizes[layers];                                                             \
        uint8_t *pixels = malloc((size_t)(n * in));                                                                   \
        type *inputs = numbers_##p(n * in, draw(20) == 0);                                                            \
        for (int64_t i = 0; i < n * in; i++) pixels[i] = draw(3) ? 0 : (uint8_t)draw(256);                            \
        for (int64_t i = 0; listed && i < n * in; i++) inputs[i] = draw(3) ? 0 : inputs[i];                           \
        for (int64_t i = 0; i < n * in; i++) room += bytes ? pixels[i] != 0 : inputs[i] != 0;                         \
        int64_t *start = malloc((size_t)(n + 1) * sizeof *start), *order = malloc((size_t)count * sizeof *order);     \
        uint16_t *index = malloc((size_t)(room + 8) * sizeof *index);                                                 \
        type *values = malloc((size_t)(room + 8) * sizeof *values);                                                   \
        if (tl_list_##p(bytes ? (void *)pixels : (void *)inputs, bytes, 0, n, in, 1 / 255.0, start, index, values) != \
            room)                                                                                                     \
            exit(2);                                                                                                  \
        double *counts = malloc((size_t)out * sizeof *counts);                                                        \
        for (int64_t i = 0; i < out; i++) counts[i] = (double)draw(4) / 2;                                            \
        int32_t *label = malloc((size_t)n * sizeof *label), *largest = malloc((size_t)n * sizeof *largest);           \
        for (int64_t i = 0; i < n; i++) label[i] = (int32_t)draw(out);                                                \
        for (int64_t i = 0; i < count; i++) order[i] = draw(n);                                                       \
        type *targets = numbers_##p(n * out, 0), *answers = malloc((size_t)(n * out) * sizeof *answers);              \
        const tl_examples data = {listed ? start : 0, listed ? index : 0, listed ? values : inputs,                   \
                                  labels ? label : 0, labels ? 0 : targets, labels && draw(2) ? counts : 0};           \
        const tl_steps steps = {order, count, m, draw(200), 1 + draw(3), 0.5, draw(3) ? 1 - 1e-3 : draw(2) ? 1 : 0.1}; \
        void *first[4], *weights[4], *biases[4], *other[4];                                                           \
        double cost = 0, other_cost = 0;                                                                              \
        for (int l = 0; l < layers; l++) first[l] = numbers_##p((sizes[l] + 1) * sizes[l + 1], draw(20) == 0);        \
        for (int isa = 0; isa <= tl_isa(); isa++) {                                                                   \
            for (int l = 0; l < layers; l++) {                                                                        \
                const size_t w = (size_t)(sizes[l] * sizes[l + 1]) * sizeof(type), b = (size_t)sizes[l + 1] * sizeof(type); \
                weights[l] = memcpy(malloc(w), first[l], w);                                                          \
                biases[l] = memcpy(malloc(b), (char *)first[l] + w, b);                                               \
            }                                                                                                         \
            const tl_network net = {layers, (int32_t)(count % 5), pair[0], pair[1], sizes, weights, biases}; \
            void *work = malloc((size_t)tl_memory_##p(&net, m, listed));                                              \
            double *sum = isa ? &other_cost : &cost;                                                                  \
            *sum = 0;                                                                                                 \
            tl_train_##p(isa, &net, &data, &steps, work);                                                             \
            tl_score_##p(isa, &net, &data, 0, n, sum, largest, count % 2 ? answers : 0, work);                        \
            if (isa && DIFFER(cost, other_cost)) exit(3);                                              \
            for (int l = 0; l < layers; l++) {                                                                        \
                for (int64_t i = 0; isa && i < sizes[l] * sizes[l + 1]; i++)                                          \
                    if (DIFFER(((type *)weights[l])[i], ((type *)other[l])[i])) exit(4);                              \
                if (isa) free(other[l]);                                                                              \
                other[l] = weights[l];                                                                                \
                free(biases[l]);                                                                                      \
            }                                                                                                         \
            free(work);                                                                                               \
        }                                                                                                             \
        for (int l = 0; l < layers; l++) free(first[l]), free(other[l]);                                              \
        free(pixels), free(inputs), free(start), free(order), free(index), free(values);                              \
        free(label), free(counts), free(largest), free(targets), free(answers);                                                     \
    }
TRY(f32, float)
TRY(f64, double)

int main(int count, char **words) {
    const int shapes = count > 1 ? atoi(words[1]) : 100;
    state = count > 2 ? (uint64_t)atoll(words[2]) : 1;
    for (int shape = 0; shape < shapes; shape++) {
        try_f32();
        try_f64();
    }
    printf("%d shapes\n", 2 * shapes);
    return 0;
}
