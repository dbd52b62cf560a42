/* Transmitter of a link exported by sirf: a feed-forward equaliser with taps one symbol apart, first pre-cursor first. */
#include "model.h"
#include "link.h"

typedef struct {
    double tap[TX_TAPS];
    long step, length;
    double *past;
} Model;

static void filter_column(const Model *model, double *column, long rows) {
    for (long row = rows - 1; row >= 0; row--) {
        double sum = 0.0;
        for (long k = 0; k < TX_TAPS; k++)
            if (row >= k * model->step) sum += model->tap[k] * column[row - k * model->step];
        column[row] = sum;
    }
}

long AMI_Init(double *impulse_matrix, long row_size, long aggressors, double sample_interval, double bit_time,
              char *AMI_parameters_in, char **AMI_parameters_out, void **AMI_memory_handle, char **msg) {
    static const double standard[TX_TAPS] = TX_FFE;
    Model *model = calloc(1, sizeof *model);
    memcpy(model->tap, standard, sizeof standard);
    parameters(AMI_parameters_in, "tap", model->tap, TX_TAPS);
    model->step = lround(bit_time / sample_interval);
    model->length = (TX_TAPS - 1) * model->step;
    model->past = calloc((size_t)(model->length + 1), sizeof(double));
    *AMI_memory_handle = model;
    *AMI_parameters_out = "(sirf_tx)";
    *msg = NULL;
    if (fabs(bit_time / sample_interval - (double)model->step) > 1e-6) {
        *msg = "bit_time must be a whole number of sample_interval";
        return 0;
    }
    for (long column = 0; column <= aggressors; column++) filter_column(model, impulse_matrix + column * row_size, row_size);
    return 1;
}

long AMI_GetWave(double *wave, long wave_size, double *clock_times, char **AMI_parameters_out, void *AMI_memory) {
    Model *model = AMI_memory;
    double *copy = malloc((size_t)(model->length + wave_size) * sizeof *copy);
    memcpy(copy, model->past, (size_t)model->length * sizeof *copy);
    memcpy(copy + model->length, wave, (size_t)wave_size * sizeof *copy);
    memset(wave, 0, (size_t)wave_size * sizeof *wave);
    for (long k = 0; k < TX_TAPS; k++) {
        const double *source = copy + model->length - k * model->step, tap = model->tap[k];
        for (long n = 0; n < wave_size; n++) wave[n] += tap * source[n];
    }
    memcpy(model->past, copy + wave_size, (size_t)model->length * sizeof *copy);
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
