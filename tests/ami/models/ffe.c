/* Linear transmitter: a T-spaced FFE of up to five taps (pre2 pre1 main post1 post2), in AMI_Init and in AMI_GetWave. */
#include "ami_model.h"

#define TAPS 5

typedef struct {
    double tap[TAPS];
    long step, length, place;
    double *past;
} Model;

static const char *NAMES[TAPS] = {"pre2", "pre1", "main", "post1", "post2"};

static void filter(const Model *model, double *column, long rows) {
    for (long row = rows - 1; row >= 0; row--) {
        double sum = 0.0;
        for (long k = 0; k < TAPS; k++)
            if (row >= k * model->step) sum += model->tap[k] * column[row - k * model->step];
        column[row] = sum;
    }
}

long AMI_Init(double *impulse_matrix, long row_size, long aggressors, double sample_interval, double bit_time,
              char *AMI_parameters_in, char **AMI_parameters_out, void **AMI_memory_handle, char **msg) {
    Model *model = calloc(1, sizeof(Model));
    const char *taps = parameter_text(AMI_parameters_in, "taps");
    for (long k = 0; k < TAPS; k++)
        model->tap[k] = parameter(taps ? taps : AMI_parameters_in, NAMES[k], k == 2 ? 1.0 : 0.0);
    model->step = lround(bit_time / sample_interval);
    model->length = (TAPS - 1) * model->step;
    model->past = calloc((size_t)model->length, sizeof(double));
    for (long column = 0; column <= aggressors; column++) filter(model, impulse_matrix + column * row_size, row_size);
    *AMI_parameters_out = "(ffe)";
    *AMI_memory_handle = model;
    *msg = NULL;
    return 1;
}

long AMI_GetWave(double *wave, long wave_size, double *clock_times, char **AMI_parameters_out, void *AMI_memory) {
    Model *model = AMI_memory;
    const long step = model->step, length = model->length;
    double *copy = malloc((size_t)(length + wave_size) * sizeof(double));
    memcpy(copy, model->past, (size_t)length * sizeof(double));
    memcpy(copy + length, wave, (size_t)wave_size * sizeof(double));
    for (long n = 0; n < wave_size; n++) {
        const double *x = copy + length + n;
        wave[n] = model->tap[0] * x[0] + model->tap[1] * x[-step] + model->tap[2] * x[-2 * step] +
                  model->tap[3] * x[-3 * step] + model->tap[4] * x[-4 * step];
    }
    memcpy(model->past, copy + wave_size, (size_t)length * sizeof(double));
    free(copy);
    (void)clock_times;
    *AMI_parameters_out = NULL;
    return 1;
}

long AMI_Close(void *AMI_memory) {
    Model *model = AMI_memory;
    free(model->past);
    free(model);
    return 1;
}
