/* Receiver of a link exported by sirf: CTLE (IEEE 802.3 equation 93A-22), FFE, DFE and, where the link has it, clock recovery.
 *
 * AMI_Init multiplies the transform of each column by the CTLE's transfer function and finds the sampling instant of the
 * Mueller-Müller criterion; AMI_GetWave filters, samples, decides and feeds back, and returns clock times. */
#include "model.h"
#include "link.h"

#define BLOCK 16384 /* samples that the streaming filter takes at once */
#define LEAD 16     /* symbols by which the streaming filter is late */

typedef struct {
    double interval, period;
    long m;
    double g_dc, g_dc2;
    int low_pass;
    double ffe[RX_TAPS], dfe[DFE_TAPS + 1];
    /* streaming CTLE by overlap-save: block of BLOCK samples, response of `length` */
    long length, size, filled;
    double complex *spectrum, *work;
    double *input, *filtered;
    long filtered_first, filtered_count, filtered_room;
    /* receiver */
    double main, threshold[ORDER - 1], phase, place, fed;
    int history[DFE_TAPS + 1];
    double time, integral, proportional, second, bias, last_error;
    long symbol, done, feedback_from;
    int last;
    char out[512];
} Model;

static const double LEVEL[ORDER] = LEVELS;

static double complex transfer(const Model *model, double f) {
    const double complex jf = f * I;
    double complex h = 1.0;
#ifdef HAS_CTLE
    h = (model->g_dc + jf / CTLE_FZ) / ((1.0 + jf / CTLE_FP1) * (1.0 + jf / CTLE_FP2));
#ifdef CTLE_FLF
    h *= (model->g_dc2 + jf / CTLE_FLF) / (1.0 + jf / CTLE_FLF);
#endif
#endif
#ifdef NOISE_CORNER
    if (model->low_pass) {
        /* fourth-order Butterworth, equation (93A-20) */
        const double u = f / NOISE_CORNER;
        h /= (1.0 - 3.414214 * u * u + u * u * u * u) + (2.613126 * (u - u * u * u)) * I;
    }
#endif
    return h;
}

/* A column through the CTLE as its discrete spectrum has it. */
static void ctle_column(const Model *model, double *column, long rows) {
    double complex *x = malloc((size_t)rows * sizeof *x);
    for (long k = 0; k < rows; k++) x[k] = column[k];
    transform(x, rows, -1);
    for (long k = 0; k <= rows / 2; k++) {
        double complex h = transfer(model, (double)k / ((double)rows * model->interval));
        if (rows % 2 == 0 && k == rows / 2) h = creal(h);
        x[k] *= h;
        if (k > 0 && k < rows - k) x[rows - k] = conj(x[k]);
    }
    transform(x, rows, 1);
    for (long row = 0; row < rows; row++) column[row] = creal(x[row]) / (double)rows;
    free(x);
}

/* Columns go around the circle that the transform makes of them. */
static double at(const double *column, long rows, long index) { return column[((index % rows) + rows) % rows]; }

/* A column through the FFE; its main tap is RX_MAIN symbols late. */
static void ffe_column(const Model *model, double *column, long rows) {
    double *copy = malloc((size_t)rows * sizeof *copy);
    memcpy(copy, column, (size_t)rows * sizeof *copy);
    for (long row = 0; row < rows; row++) {
        column[row] = 0.0;
        for (long t = 0; t < RX_TAPS; t++) column[row] += model->ffe[t] * at(copy, rows, row - t * model->m);
    }
    free(copy);
}

static double *pulse_of(const Model *model, const double *column, long rows) {
    double *pulse = calloc((size_t)rows, sizeof *pulse);
    for (long row = 0; row < rows; row++)
        for (long k = 0; k < model->m; k++) pulse[row] += at(column, rows, row - k) * model->interval;
    return pulse;
}

/* Instant of p(t - T) = p(t + T) - b(1) p(t), equation (93A-25), ahead of the FFE. */
static long find_instant(const Model *model, const double *pulse, long rows) {
    const long m = model->m;
    long peak = 0, best = 0;
    double least = INFINITY;
    for (long k = 0; k < rows; k++)
        if (pulse[k] > pulse[peak]) peak = k;
    for (long k = peak - m; k <= peak + m / 2; k++) {
        const double here = at(pulse, rows, k), before = at(pulse, rows, k - m), after = at(pulse, rows, k + m);
        if (!(here > 0.3 * pulse[peak])) continue;
        const double tap = fmin(fmax(after / here, DFE1_MIN), DFE1_MAX), error = fabs(before - (after - tap * here));
        if (error < least) least = error, best = k;
    }
    return best + lround(SAMPLING_OFFSET_UI * (double)m);
}

/* Main cursor and gains of the clock's loop from the equalised pulse at its instant. */
static void measure_pulse(Model *model, const double *pulse, long rows, long best) {
    model->main = 0.5 * at(pulse, rows, best);
#ifdef CLOCK_BANDWIDTH
    const long m = model->m;
    const double first = DFE_TAPS ? model->dfe[0] : 0.0, main = at(pulse, rows, best);
    const long step = m / 16 > 0 ? m / 16 : 1;
    const double value = (at(pulse, rows, best + m) - at(pulse, rows, best - m)) / main - first;
    const double later = (at(pulse, rows, best + step + m) - at(pulse, rows, best + step - m)) / main - first;
    const double earlier = (at(pulse, rows, best - step + m) - at(pulse, rows, best - step - m)) / main - first;
    const double slope = -(later - earlier) * (double)m / (2.0 * (double)step);
    const double loop = CLOCK_SIGN ? CLOCK_STEP_UI : 2.0 * PI * CLOCK_BANDWIDTH * model->period / slope;
    const double scale = CLOCK_SIGN ? 1.0 : slope, whole = CLOCK_SIGN ? CLOCK_STEP_UI : loop * slope;
    model->bias = value;
    model->proportional = loop;
    model->second = (whole / (2.0 * CLOCK_DAMPING)) * (whole / (2.0 * CLOCK_DAMPING)) / scale;
#endif
}

/* Decision feedback in the impulse response: a rectangle of the pulse is one sample of the impulse. */
static void feed_back(const Model *model, double *column, long rows, long instant) {
    for (long k = 0; k < DFE_TAPS; k++) {
        const long place = instant + (k + 1) * model->m - model->m / 2;
        if (place >= 0 && place < rows) column[place] -= model->dfe[k] * 2.0 * model->main / model->interval;
    }
}

/* The CTLE's response as samples, LEAD symbols late. Above half of the band the transfer function falls to zero, so that the
 * response does not ring at the end of the band; the signal has nothing there. */
static void make_stream(Model *model) {
    long length = 1;
    while (length < 512 * model->m) length <<= 1;
    double complex *x = malloc((size_t)length * sizeof *x);
    for (long k = 0; k <= length / 2; k++) {
        const double share = 2.0 * (double)k / (double)length;
        const double taper = share < 0.5 ? 1.0 : 0.5 + 0.5 * cos(2.0 * PI * (share - 0.5));
        const double angle = -2.0 * PI * (double)((long long)k * LEAD * model->m % length) / (double)length;
        double complex h = taper * transfer(model, (double)k / ((double)length * model->interval));
        h *= cos(angle) + sin(angle) * I;
        if (k == length / 2) h = creal(h);
        x[k] = h;
        if (k > 0 && k < length - k) x[length - k] = conj(h);
    }
    radix2(x, length, 1);
    model->length = length;
    model->size = 1;
    while (model->size < model->length + BLOCK) model->size <<= 1;
    model->spectrum = calloc((size_t)model->size, sizeof *model->spectrum);
    for (long k = 0; k < model->length; k++) model->spectrum[k] = creal(x[k]) / (double)length;
    free(x);
    radix2(model->spectrum, model->size, -1);
    model->work = malloc((size_t)model->size * sizeof *model->work);
    model->input = calloc((size_t)model->size, sizeof *model->input);
}

long AMI_Init(double *impulse_matrix, long row_size, long aggressors, double sample_interval, double bit_time,
              char *AMI_parameters_in, char **AMI_parameters_out, void **AMI_memory_handle, char **msg) {
    static const double ffe[RX_TAPS] = RX_FFE, dfe[DFE_TAPS + 1] = RX_DFE;
    Model *model = calloc(1, sizeof *model);
    *AMI_memory_handle = model;
    *msg = NULL;
    model->interval = sample_interval, model->period = bit_time;
    model->m = lround(bit_time / sample_interval);
    if (fabs(bit_time / sample_interval - (double)model->m) > 1e-6) {
        *msg = "bit_time must be a whole number of sample_interval";
        return 0;
    }
    model->g_dc = pow(10.0, parameter(AMI_parameters_in, "g_dc_db", CTLE_G_DC_DB) / 20.0);
    model->g_dc2 = pow(10.0, parameter(AMI_parameters_in, "g_dc2_db", CTLE_G_DC2_DB) / 20.0);
    model->low_pass = parameter(AMI_parameters_in, "noise_filter", 0.0) > 0.5;
    memcpy(model->ffe, ffe, sizeof ffe);
    memcpy(model->dfe, dfe, sizeof dfe);
    parameters(AMI_parameters_in, "ffe", model->ffe, RX_TAPS);
    parameters(AMI_parameters_in, "dfe", model->dfe, DFE_TAPS);
    for (long column = 0; column <= aggressors; column++) ctle_column(model, impulse_matrix + column * row_size, row_size);
    double *pulse = pulse_of(model, impulse_matrix, row_size);
    const long instant = find_instant(model, pulse, row_size) + RX_MAIN * model->m;
    free(pulse);
    for (long column = 0; column <= aggressors; column++) ffe_column(model, impulse_matrix + column * row_size, row_size);
    pulse = pulse_of(model, impulse_matrix, row_size);
    measure_pulse(model, pulse, row_size, instant);
    free(pulse);
    if (!(model->main > 0.0)) {
        *msg = "the pulse response must have a positive main cursor";
        return 0;
    }
    if (parameter(AMI_parameters_in, "dfe_in_init", 1.0) > 0.5) feed_back(model, impulse_matrix, row_size, instant);
    for (int e = 0; e < ORDER - 1; e++) model->threshold[e] = 0.5 * (LEVEL[e] + LEVEL[e + 1]) * model->main;
    model->phase = (double)(((instant % model->m) + model->m) % model->m);
    make_stream(model);
#if ORDER == 4
    snprintf(model->out, sizeof model->out,
             "(sirf_rx (PAM4_UpperThreshold %.17g) (PAM4_CenterThreshold %.17g) (PAM4_LowerThreshold %.17g))",
             model->threshold[2], model->threshold[1], model->threshold[0]);
#else
    snprintf(model->out, sizeof model->out, "(sirf_rx)");
#endif
    *AMI_parameters_out = model->out;
    return 1;
}

/* The next `count` samples (at most BLOCK) through the CTLE, behind what is already filtered. */
static void filter_block(Model *model, const double *in, long count) {
    const long keep = model->size - count;
    memmove(model->input, model->input + count, (size_t)keep * sizeof *in);
    memcpy(model->input + keep, in, (size_t)count * sizeof *in);
    for (long k = 0; k < model->size; k++) model->work[k] = model->input[k];
    radix2(model->work, model->size, -1);
    for (long k = 0; k < model->size; k++) model->work[k] *= model->spectrum[k];
    radix2(model->work, model->size, 1);
    double *to = model->filtered + model->filtered_count;
    for (long k = 0; k < count; k++) to[k] = creal(model->work[keep + k]) / (double)model->size;
    model->filtered_count += count;
}

/* FFE output at sample n of the stream. */
static double equalised(const Model *model, long n) {
    double sum = 0.0;
    for (long t = 0; t < RX_TAPS; t++) {
        const long from = n - t * model->m - model->filtered_first;
        if (from >= 0) sum += model->ffe[t] * model->filtered[from];
    }
    return sum;
}

/* The same at a fractional sample: the sample itself at a whole one, else a cubic through four. */
static double sampled(const Model *model, double place) {
    const long n = (long)floor(place);
    const double u = place - (double)n;
    if (u == 0.0) return equalised(model, n);
    return -u * (u - 1.0) * (u - 2.0) / 6.0 * equalised(model, n - 1) +
           (u + 1.0) * (u - 1.0) * (u - 2.0) * 0.5 * equalised(model, n) -
           (u + 1.0) * u * (u - 2.0) * 0.5 * equalised(model, n + 1) + (u + 1.0) * u * (u - 1.0) / 6.0 * equalised(model, n + 2);
}

static double feedback(const Model *model) {
    double sum = 0.0;
    for (long k = 0; k < DFE_TAPS; k++)
        if (model->history[k] >= 0) sum += model->dfe[k] * model->main * LEVEL[model->history[k]];
    return sum;
}

/* Decide symbol `symbol` at `place`: feedback, loop. */
static void decide(Model *model, double place, double fed) {
    const double seen = sampled(model, place), y = seen - fed;
    /* ahead of the first symbol there is rounding alone: it would be fed back, and decide otherwise with other blocks */
    const int silent = fabs(seen) < 1e-9 * model->main;
    int choice = 0;
    for (int e = 0; e < ORDER - 1; e++) choice += (silent ? 0.0 : y) > model->threshold[e];
#ifdef CLOCK_BANDWIDTH
    double power = 0.0;
    for (int level = 0; level < ORDER; level++) power += LEVEL[level] * LEVEL[level] / ORDER;
    const double error = y - LEVEL[choice] * model->main;
    if (model->symbol > CLOCK_HOLD) {
        double out = (error * LEVEL[model->last] - model->last_error * LEVEL[choice]) / (model->main * power) - model->bias;
        if (CLOCK_SIGN) out = out > 0 ? 1.0 : -1.0;
        model->integral = fmin(fmax(model->integral + model->second * out, -0.25), 0.25);
        model->time += fmin(fmax(model->proportional * out + model->integral, -0.5), 0.5);
    }
    model->last_error = error;
#endif
    model->last = choice;
    for (long k = DFE_TAPS - 1; k > 0; k--) model->history[k] = model->history[k - 1];
    model->history[0] = silent ? -1 : choice;
}

long AMI_GetWave(double *wave, long wave_size, double *clock_times, char **AMI_parameters_out, void *AMI_memory) {
    Model *model = AMI_memory;
    const long m = model->m, keep = (RX_TAPS + 3) * m + 8;
    /* room for this call and the past that FFE and interpolation reach back to */
    const long spare = model->filtered_count > keep ? model->filtered_count - keep : 0;
    if (model->filtered_room < keep + wave_size + 8) {
        model->filtered_room = keep + wave_size + 8;
        model->filtered = realloc(model->filtered, (size_t)(model->filtered_room + keep) * sizeof *model->filtered);
    }
    memmove(model->filtered, model->filtered + spare, (size_t)(model->filtered_count - spare) * sizeof *model->filtered);
    model->filtered_first += spare, model->filtered_count -= spare;
    for (long start = 0; start < wave_size; start += BLOCK)
        filter_block(model, wave + start, wave_size - start < BLOCK ? wave_size - start : BLOCK);
    const long end = model->done + wave_size;
    long clocks = 0;
    if (model->done == 0)
        for (int k = 0; k <= DFE_TAPS; k++) model->history[k] = -1;
    /* the output is four samples late: interpolation looks ahead */
    for (long n = model->done; n < end; n++) {
        const long here = n - 4;
        const double next = ((double)model->symbol + model->time) * (double)m + model->phase;
        if (here < 0) {
            wave[n - model->done] = 0.0;
            continue;
        }
        /* feedback changes half a symbol ahead of the instant */
        if ((double)here >= next - 0.5 * (double)m && model->feedback_from <= model->symbol) {
            model->fed = feedback(model);
            model->feedback_from = model->symbol + 1;
        }
        wave[n - model->done] = equalised(model, here) - model->fed;
        if ((double)here + 1.0 > next) {
            decide(model, next, model->fed);
            const double tick = (next + 4.0) * model->interval - 0.5 * model->period;
            if (tick >= 0.0) clock_times[clocks++] = tick;
            model->symbol++;
        }
    }
    clock_times[clocks] = -1.0;
    model->done = end;
    *AMI_parameters_out = model->out;
    return 1;
}

long AMI_Close(void *AMI_memory) {
    Model *model = AMI_memory;
    free(model->spectrum);
    free(model->work);
    free(model->input);
    free(model->filtered);
    free(model);
    return 1;
}
