/* What the tests share: a check that says where it failed, and the head that is made of formulas. */
#ifndef CHECK_H
#define CHECK_H

#include "periphon.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                             \
    do {                                                                                             \
        if (!(condition)) {                                                                          \
            fprintf(stderr, "%s:%d: %s\n  last error: %s\n", __FILE__, __LINE__, #condition,         \
                    periphon_last_error());                                                          \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

#define OK(call) CHECK((call) == PERIPHON_STATUS_OK)

/* The status, and a word of the sentence that goes with it. */
#define FAILS(status, word, call)                                                                    \
    do {                                                                                             \
        CHECK((call) == (status));                                                                   \
        CHECK(strstr(periphon_last_error(), word) != NULL);                                          \
    } while (0)

#define TAPS 32
#define DIRECTIONS 26

/* Steps of 45 degrees, quick to prepare under valgrind. */
static inline PeriphonHead *small_head(double rate)
{
    static double positions[3 * DIRECTIONS];
    static float responses[2 * TAPS * DIRECTIONS];
    int m = 0;
    for (int elevation = -90; elevation <= 90; elevation += 45) {
        int steps = abs(elevation) == 90 ? 1 : 8;
        for (int i = 0; i < steps; i++, m++) {
            double a = i * atan(1.0), e = elevation * atan(1.0) / 45.0;
            double *p = &positions[3 * m];
            p[0] = cos(a) * cos(e), p[1] = sin(a) * cos(e), p[2] = sin(e);
            for (int n = 0; n < TAPS; n++) {
                double left = n - 8.0 + 3.0 * p[1], right = n - 8.0 - 3.0 * p[1];
                responses[2 * TAPS * m + n] = (float)((1.0 + 0.5 * p[1]) * exp(-0.5 * left * left));
                responses[2 * TAPS * m + TAPS + n] = (float)((1.0 - 0.5 * p[1]) * exp(-0.5 * right * right));
            }
        }
    }
    PeriphonHead *head = NULL;
    OK(periphon_head_from_responses(positions, responses, DIRECTIONS, TAPS, rate, rate, &head));
    return head;
}

static inline double energy(const float *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    return sum;
}

#endif
