/* AMI_Resolve: the jitter and a gain follow from the chosen grade. AMI_Init is not given them: it finds the gain again. */
#include "ami_model.h"

static char answer[256];

long AMI_Resolve(double sample_interval, double bit_time, char *AMI_parameters_in, char **AMI_parameters_out,
                 void **AMI_memory_handle, char **msg) {
    const double grade = parameter(AMI_parameters_in, "grade", 1.0);
    (void)sample_interval, (void)bit_time;
    snprintf(answer, sizeof answer, "(resolving (Tx_Rj %.6g) (gain %.6g))", 0.01 * grade, 1.0 / (1.0 + grade));
    *AMI_parameters_out = answer;
    *AMI_memory_handle = NULL;
    *msg = NULL;
    return 1;
}

long AMI_Resolve_Close(void *AMI_memory) {
    (void)AMI_memory;
    return 1;
}

long AMI_Init(double *impulse_matrix, long row_size, long aggressors, double sample_interval, double bit_time,
              char *AMI_parameters_in, char **AMI_parameters_out, void **AMI_memory_handle, char **msg) {
    const double gain = 1.0 / (1.0 + parameter(AMI_parameters_in, "grade", 1.0));
    (void)sample_interval, (void)bit_time;
    for (long k = 0; k < row_size * (aggressors + 1); k++) impulse_matrix[k] *= gain;
    *AMI_parameters_out = "(resolving)";
    *AMI_memory_handle = malloc(1);
    *msg = parameter(AMI_parameters_in, "gain", -1.0) < 0.0 ? NULL : "gain is of usage Dep and must not be given";
    return *msg == NULL;
}

long AMI_Close(void *AMI_memory) {
    free(AMI_memory);
    return 1;
}
