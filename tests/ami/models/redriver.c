/* The receiving half of a redriver: a gain with limiting output, no memory. AMI_Init gives its small-signal gain. */
#include "ami_model.h"

typedef struct {
    double gain, limit;
} Model;

long AMI_Init(double *impulse_matrix, long row_size, long aggressors, double sample_interval, double bit_time,
              char *AMI_parameters_in, char **AMI_parameters_out, void **AMI_memory_handle, char **msg) {
    Model *model = malloc(sizeof(Model));
    (void)sample_interval, (void)bit_time;
    model->gain = parameter(AMI_parameters_in, "gain", 1.0);
    model->limit = parameter(AMI_parameters_in, "limit", 0.0);
    for (long k = 0; k < row_size * (aggressors + 1); k++) impulse_matrix[k] *= model->gain;
    *AMI_parameters_out = "(redriver)";
    *AMI_memory_handle = model;
    *msg = NULL;
    return 1;
}

long AMI_GetWave(double *wave, long wave_size, double *clock_times, char **AMI_parameters_out, void *AMI_memory) {
    const Model *model = AMI_memory;
    (void)clock_times;
    for (long n = 0; n < wave_size; n++) {
        wave[n] *= model->gain;
        if (model->limit > 0) wave[n] = model->limit * tanh(wave[n] / model->limit);
    }
    *AMI_parameters_out = NULL;
    return 1;
}

long AMI_Close(void *AMI_memory) {
    free(AMI_memory);
    return 1;
}
