/* Shared by both models: the interface of IBIS-AMI, reading AMI_parameters_in, and transforms of any length.
 * C99 without dependencies. */
#ifndef MODEL_H
#define MODEL_H

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define EXPORTED __declspec(dllexport)
#else
#define EXPORTED __attribute__((visibility("default")))
#endif

static const double PI = 3.14159265358979323846;

EXPORTED long AMI_Init(double *impulse_matrix, long row_size, long aggressors, double sample_interval, double bit_time,
                       char *AMI_parameters_in, char **AMI_parameters_out, void **AMI_memory_handle, char **msg);
EXPORTED long AMI_GetWave(double *wave, long wave_size, double *clock_times, char **AMI_parameters_out, void *AMI_memory);
EXPORTED long AMI_Close(void *AMI_memory);

/* The text behind "(name ", or NULL. */
static const char *parameter_text(const char *text, const char *name) {
    size_t length = strlen(name);
    for (const char *place = text; place != NULL && (place = strchr(place, '(')) != NULL; place++)
        if (strncmp(place + 1, name, length) == 0 && place[1 + length] == ' ') return place + 2 + length;
    return NULL;
}

static double parameter(const char *text, const char *name, double otherwise) {
    const char *place = parameter_text(text, name);
    if (place == NULL) return otherwise;
    if (strncmp(place, "True", 4) == 0) return 1.0;
    if (strncmp(place, "False", 5) == 0) return 0.0;
    return strtod(place, NULL);
}

/* Values name_0, name_1 … into `values`, which hold what they are without. */
static void parameters(const char *text, const char *name, double *values, int count) {
    char full[64];
    for (int k = 0; k < count; k++) {
        snprintf(full, sizeof full, "%s_%d", name, k);
        values[k] = parameter(text, full, values[k]);
    }
}

/* Transform of a power of two, in place; `sign` -1 forward, 1 back (not scaled). */
static inline void radix2(double complex *x, long n, int sign) {
    for (long i = 1, j = 0; i < n; i++) {
        long bit = n >> 1;
        for (; j & bit; bit >>= 1) j ^= bit;
        j ^= bit;
        if (i < j) {
            double complex swap = x[i];
            x[i] = x[j], x[j] = swap;
        }
    }
    for (long half = 1; half < n; half <<= 1) {
        for (long k = 0; k < half; k++) {
            const double angle = sign * PI * (double)k / (double)half;
            const double complex turn = cos(angle) + sin(angle) * I;
            for (long i = k; i < n; i += 2 * half) {
                const double complex odd = x[i + half] * turn;
                x[i + half] = x[i] - odd;
                x[i] += odd;
            }
        }
    }
}

/* Transform of any length by Bluestein's convolution, in place. */
static inline void transform(double complex *x, long n, int sign) {
    if ((n & (n - 1)) == 0) {
        radix2(x, n, sign);
        return;
    }
    long size = 1;
    while (size < 2 * n - 1) size <<= 1;
    double complex *chirp = malloc((size_t)n * sizeof *chirp);
    double complex *a = calloc((size_t)size, sizeof *a), *b = calloc((size_t)size, sizeof *b);
    for (long k = 0; k < n; k++) {
        const double angle = sign * PI * (double)((long long)k * k % (2LL * n)) / (double)n;
        chirp[k] = cos(angle) + sin(angle) * I;
        a[k] = x[k] * chirp[k];
        b[k] = conj(chirp[k]);
        if (k > 0) b[size - k] = conj(chirp[k]);
    }
    radix2(a, size, -1);
    radix2(b, size, -1);
    for (long k = 0; k < size; k++) a[k] *= b[k];
    radix2(a, size, 1);
    for (long k = 0; k < n; k++) x[k] = a[k] / (double)size * chirp[k];
    free(chirp);
    free(a);
    free(b);
}

#endif
