/* A model that changes nothing. */
#include "ami_model.h"

long AMI_Init(double *impulse_matrix, long row_size, long aggressors, double sample_interval, double bit_time,
              char *AMI_parameters_in, char **AMI_parameters_out, void **AMI_memory_handle, char **msg) {
    (void)impulse_matrix, (void)row_size, (void)aggressors, (void)sample_interval, (void)bit_time, (void)AMI_parameters_in;
    *AMI_parameters_out = "(identity)";
    *AMI_memory_handle = malloc(1);
    *msg = "nothing to do";
    return 1;
}

long AMI_GetWave(double *wave, long wave_size, double *clock_times, char **AMI_parameters_out, void *AMI_memory) {
    (void)wave, (void)wave_size, (void)clock_times, (void)AMI_memory;
    *AMI_parameters_out = NULL;
    return 1;
}

long AMI_Close(void *AMI_memory) {
    free(AMI_memory);
    return 1;
}
