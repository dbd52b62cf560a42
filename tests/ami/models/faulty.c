/* A model that fails in the way that its parameter `fault` names. */
#include "ami_model.h"
#include <unistd.h>

typedef struct {
    int fault;
    long calls;
    char *kept;
} Model;

enum { NONE, CRASH_INIT, HANG_INIT, PRINT, FAIL, CRASH_GETWAVE, HANG_GETWAVE, EXIT, OVERRUN, LEAK, RANDOM, BLOCKS, NONLINEAR,
       NO_NUMBER, SHOUT, FAIL_GETWAVE };

long AMI_Init(double *impulse_matrix, long row_size, long aggressors, double sample_interval, double bit_time,
              char *AMI_parameters_in, char **AMI_parameters_out, void **AMI_memory_handle, char **msg) {
    Model *model = calloc(1, sizeof(Model));
    (void)sample_interval, (void)bit_time;
    model->fault = (int)parameter(AMI_parameters_in, "fault", 0.0);
    *AMI_parameters_out = "(faulty)";
    *AMI_memory_handle = model;
    *msg = NULL;
    switch (model->fault) {
    case CRASH_INIT: *(volatile int *)0 = 1; break;
    case HANG_INIT: for (;;) sleep(1);
    case PRINT: printf("licence found\n"); fprintf(stderr, "debug build\n"); break;
    case SHOUT: for (long k = 0; k < 200000; k++) printf("this model prints far too much %ld\n", k); break;
    case FAIL: *msg = "tap must be below 3"; return 0;
    case OVERRUN: impulse_matrix[row_size * (aggressors + 1)] = 1.0; break;
    case LEAK: model->kept = malloc(1 << 20); memset(model->kept, 1, 1 << 20); break;
    case NONLINEAR: for (long k = 0; k < row_size; k++) impulse_matrix[k] = tanh(impulse_matrix[k] * 1e-10) * 1e10; break;
    case RANDOM: for (long k = 0; k < row_size; k++) impulse_matrix[k] *= 1.0 + 1e-3 * (double)(getpid() % 97); break;
    case NO_NUMBER: impulse_matrix[3] = NAN; break;
    default: break;
    }
    return 1;
}

long AMI_GetWave(double *wave, long wave_size, double *clock_times, char **AMI_parameters_out, void *AMI_memory) {
    Model *model = AMI_memory;
    (void)clock_times;
    *AMI_parameters_out = NULL;
    switch (model->fault) {
    case CRASH_GETWAVE: if (model->calls++ > 1) abort(); break;
    case HANG_GETWAVE: for (;;) sleep(1);
    case EXIT: exit(3);
    case FAIL_GETWAVE: return 0;
    case BLOCKS: wave[0] += 0.1; break;
    case NONLINEAR: for (long n = 0; n < wave_size; n++) wave[n] = tanh(wave[n]); break;
    default: break;
    }
    return 1;
}

long AMI_Close(void *AMI_memory) {
    free(AMI_memory);
    return 1;
}
