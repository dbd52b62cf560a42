/* Receiver: a CTLE of one zero and two poles (bilinear), then a DFE that adapts by sign-sign LMS, with a bang-bang clock.
 * AMI_Init filters the impulse response by the CTLE alone; AMI_GetWave does the rest and returns clock times. */
#include "ami_model.h"

#define TAPS 4

typedef struct {
    double b[3], a[3], x[2], y[2];
    double interval, period;
    double tap[TAPS], level, step, reference;
    double decision[TAPS];
    double next, edge, last, phase_step;
    long sample, clocked;
    int pam4;
    char out[256];
} Model;

static void make_ctle(Model *model, double peak_db, double zero, double pole) {
    /* H(s) = g (1 + s / wz) / ((1 + s / wp1)(1 + s / wp2)), g the gain at DC */
    const double g = pow(10.0, -peak_db / 20.0), pi = acos(-1.0), c = 2.0 / model->interval;
    const double wz = 2 * pi * zero * g, w1 = 2 * pi * zero, w2 = 2 * pi * pole;
    const double n0 = g * (1 + c / wz), n1 = g * (1 - c / wz);
    const double p0 = 1 + c / w1, p1 = 1 - c / w1, q0 = 1 + c / w2, q1 = 1 - c / w2;
    const double a0 = p0 * q0;
    model->b[0] = n0 / a0, model->b[1] = (n0 + n1) / a0, model->b[2] = n1 / a0;
    model->a[1] = (p0 * q1 + p1 * q0) / a0, model->a[2] = p1 * q1 / a0;
}

static inline double ctle(Model *model, double in) {
    double out = model->b[0] * in + model->b[1] * model->x[0] + model->b[2] * model->x[1] - model->a[1] * model->y[0] -
                 model->a[2] * model->y[1];
    model->x[1] = model->x[0], model->x[0] = in;
    model->y[1] = model->y[0], model->y[0] = out;
    return out;
}

long AMI_Init(double *impulse_matrix, long row_size, long aggressors, double sample_interval, double bit_time,
              char *AMI_parameters_in, char **AMI_parameters_out, void **AMI_memory_handle, char **msg) {
    Model *model = calloc(1, sizeof(Model));
    const char *modulation = parameter_text(AMI_parameters_in, "Modulation");
    model->interval = sample_interval, model->period = bit_time;
    make_ctle(model, parameter(AMI_parameters_in, "peak_db", 4.0), 0.25 / bit_time * parameter(AMI_parameters_in, "zero", 1.0),
              1.0 / bit_time);
    for (long column = 0; column <= aggressors; column++) {
        memset(model->x, 0, sizeof model->x), memset(model->y, 0, sizeof model->y);
        for (long row = 0; row < row_size; row++) {
            double *value = impulse_matrix + column * row_size + row;
            *value = ctle(model, *value);
        }
    }
    memset(model->x, 0, sizeof model->x), memset(model->y, 0, sizeof model->y);
    /* main cursor: largest pulse response */
    double sum = 0.0, best = 0.0;
    const long m = lround(bit_time / sample_interval);
    for (long row = 0; row < row_size; row++) {
        sum += impulse_matrix[row] - (row >= m ? impulse_matrix[row - m] : 0.0);
        if (sum > best) best = sum;
    }
    model->level = 0.5 * best * sample_interval;
    model->reference = model->level;
    model->step = parameter(AMI_parameters_in, "step", 1e-3);
    model->phase_step = bit_time * parameter(AMI_parameters_in, "phase_step", 1e-3);
    model->pam4 = modulation != NULL && strstr(modulation, "PAM4") != NULL && strstr(modulation, "PAM4") - modulation < 8;
    model->next = 0.5 * bit_time;
    *AMI_parameters_out = "(receiver)";
    *AMI_memory_handle = model;
    *msg = "adapts";
    return 1;
}

static double decide(const Model *model, double y) {
    if (!model->pam4) return y > 0 ? 1.0 : -1.0;
    const double inner = 2.0 / 3.0 * model->reference;
    return y > inner ? 1.0 : y > 0 ? 1.0 / 3.0 : y > -inner ? -1.0 / 3.0 : -1.0;
}

long AMI_GetWave(double *wave, long wave_size, double *clock_times, char **AMI_parameters_out, void *AMI_memory) {
    Model *model = AMI_memory;
    const double interval = model->interval, period = model->period;
    long clocks = 0;
    double fed = 0.0;
    for (long k = 0; k < TAPS; k++) fed += model->tap[k] * model->decision[k];
    for (long n = 0; n < wave_size; n++) {
        const double time = (double)(model->sample + n) * interval;
        const double value = ctle(model, wave[n]) - fed;
        wave[n] = value;
        if (model->edge < time + 0.5 * interval && model->edge >= 0) {
            /* the sample on the edge before the decision: a bang-bang detector */
            model->last = value;
            model->edge = -1.0;
        }
        if (time + 0.5 * interval > model->next) {
            const double chosen = decide(model, value), error = value - chosen * model->reference;
            if (chosen * model->decision[0] < 0) {
                const double late = model->last * chosen > 0 ? 1.0 : -1.0;
                model->next -= late * model->phase_step;
            }
            for (long k = 0; k < TAPS; k++) {
                const double sign = (error > 0 ? 1.0 : -1.0) * (model->decision[k] > 0 ? 1.0 : -1.0);
                model->tap[k] += model->step * model->level * sign;
            }
            model->reference += model->step * model->level * (error * chosen > 0 ? 1.0 : -1.0);
            for (long k = TAPS - 1; k > 0; k--) model->decision[k] = model->decision[k - 1];
            model->decision[0] = chosen;
            clock_times[clocks++] = model->next - 0.5 * period;
            model->edge = model->next + 0.5 * period;
            model->next += period;
            fed = 0.0;
            for (long k = 0; k < TAPS; k++) fed += model->tap[k] * model->decision[k];
        }
    }
    clock_times[clocks] = -1.0;
    model->sample += wave_size;
    snprintf(model->out, sizeof model->out, "(receiver (dfe1 %.6g) (PAM4_UpperThreshold %.9g) (PAM4_LowerThreshold %.9g))",
             model->tap[0], 2.0 / 3.0 * model->reference, -2.0 / 3.0 * model->reference);
    *AMI_parameters_out = model->out;
    return 1;
}

long AMI_Close(void *AMI_memory) {
    free(AMI_memory);
    return 1;
}
