/* Both halves of a back channel in one source: the receiver asks for less post-cursor until it sees none, the transmitter obeys.
 * They exchange messages in files that are named after BCI_ID, in the folder where they run. */
#include "ami_model.h"

typedef struct {
    int transmits, training, done;
    double post, previous;
    long step, asked, calls;
    double *past;
    char request[300], out[128];
} Model;

long AMI_Init(double *impulse_matrix, long row_size, long aggressors, double sample_interval, double bit_time,
              char *AMI_parameters_in, char **AMI_parameters_out, void **AMI_memory_handle, char **msg) {
    Model *model = calloc(1, sizeof(Model));
    const char *id = parameter_text(AMI_parameters_in, "BCI_ID"), *state = parameter_text(AMI_parameters_in, "BCI_State");
    char name[256] = "back-channel";
    model->transmits = parameter(AMI_parameters_in, "transmits", 0.0) > 0.5;
    model->post = parameter(AMI_parameters_in, "post", 0.0);
    model->training = state != NULL && strstr(state, "Training") == state + 2;
    if (id != NULL) sscanf(id, " \"%255[^\"]\"", name);
    snprintf(model->request, sizeof model->request, "%s.request", name);
    model->step = lround(bit_time / sample_interval);
    model->past = calloc((size_t)model->step, sizeof(double));
    if (model->transmits)
        for (long column = 0; column <= aggressors; column++)
            for (long row = row_size - 1; row >= model->step; row--)
                impulse_matrix[column * row_size + row] += model->post * impulse_matrix[column * row_size + row - model->step];
    snprintf(model->out, sizeof model->out, "(training (BCI_State \"%s\"))", model->training ? "Training" : "Off");
    *AMI_parameters_out = model->out;
    *AMI_memory_handle = model;
    *msg = NULL;
    return 1;
}

static void transmit(Model *model, double *wave, long size) {
    FILE *file = model->training ? fopen(model->request, "r") : NULL;
    if (file != NULL) {
        double wish = 0.0;
        if (fscanf(file, "%lf", &wish) == 1) model->post = wish;
        fclose(file);
        model->done = wish <= -0.2;
    }
    double *copy = malloc((size_t)(model->step + size) * sizeof(double));
    memcpy(copy, model->past, (size_t)model->step * sizeof(double));
    memcpy(copy + model->step, wave, (size_t)size * sizeof(double));
    for (long n = 0; n < size; n++) wave[n] = copy[model->step + n] + model->post * copy[n];
    memcpy(model->past, copy + size, (size_t)model->step * sizeof(double));
    free(copy);
}

static void receive(Model *model) {
    /* a fixed walk stands for an adaptation: five requests of -0.04 more each */
    if (!model->training || model->done) return;
    model->asked++;
    FILE *file = fopen(model->request, "w");
    fprintf(file, "%.3f\n", -0.04 * (double)model->asked);
    fclose(file);
    model->done = model->asked >= 5;
}

long AMI_GetWave(double *wave, long wave_size, double *clock_times, char **AMI_parameters_out, void *AMI_memory) {
    Model *model = AMI_memory;
    (void)clock_times;
    if (model->transmits) transmit(model, wave, wave_size);
    else receive(model);
    snprintf(model->out, sizeof model->out, "(training (BCI_State \"%s\") (post %.6g))",
             !model->training ? "Off" : model->done ? "Converged" : "Training", model->post);
    *AMI_parameters_out = model->out;
    return 1;
}

long AMI_Close(void *AMI_memory) {
    Model *model = AMI_memory;
    free(model->past);
    free(model);
    return 1;
}
