/* What the test models share: the interface of IBIS section 10, and reading a number out of AMI_parameters_in. */
#ifndef AMI_MODEL_H
#define AMI_MODEL_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

long AMI_Init(double *impulse_matrix, long row_size, long aggressors, double sample_interval, double bit_time,
              char *AMI_parameters_in, char **AMI_parameters_out, void **AMI_memory_handle, char **msg);
long AMI_GetWave(double *wave, long wave_size, double *clock_times, char **AMI_parameters_out, void *AMI_memory);
long AMI_Close(void *AMI_memory);

static const char *parameter_text(const char *text, const char *name) {
    size_t length = strlen(name);
    for (const char *place = text; (place = strchr(place, '(')) != NULL; place++)
        if (strncmp(place + 1, name, length) == 0 && (place[1 + length] == ' ' || place[1 + length] == '\t'))
            return place + 1 + length;
    return NULL;
}

static inline double parameter(const char *text, const char *name, double otherwise) {
    const char *place = parameter_text(text, name);
    return place == NULL ? otherwise : strtod(place, NULL);
}

#endif
