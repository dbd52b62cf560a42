#!/usr/bin/env bash
# PyIBIS-AMI 10.0.0: clock times of AMI_GetWave are mixed with unused slots as soon as a waveform takes more than one call.
#
# A model that returns one clock time for each symbol, counted from the first call on without a gap, is called with 64 symbols at
# a time. Expected: 256 ascending clock times. Seen: 8 slots more are taken from each call (the end mark -1 and what was never
# written), so from the second call on times are shifted and marks stand among them; a user who samples by them samples wrongly.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > clocks.c <<'C'
#include <stdlib.h>
typedef struct { double interval, period; long sample; } Model;
long AMI_Init(double *h, long rows, long aggressors, double interval, double period, char *in, char **out, void **handle, char **msg) {
    Model *model = malloc(sizeof *model);
    (void)h, (void)rows, (void)aggressors, (void)in;
    model->interval = interval, model->period = period, model->sample = 0;
    *out = "(clocks)", *handle = model, *msg = "";
    return 1;
}
long AMI_GetWave(double *wave, long size, double *clocks, char **out, void *handle) {
    Model *model = handle;
    long count = 0, symbols = (long)(size * model->interval / model->period + 0.5);
    (void)wave;
    for (; count < symbols; count++) clocks[count] = model->sample * model->interval + count * model->period;
    clocks[count] = -1.0;
    model->sample += size;
    *out = "(clocks)";
    return 1;
}
long AMI_Close(void *handle) { free(handle); return 1; }
C
cc -shared -fPIC -o clocks.so clocks.c
python3 -m venv env
env/bin/pip install -q "PyIBIS-AMI==10.0.0"
env/bin/python - <<'PY'
import sys
from importlib.metadata import version
import numpy as np
from pyibisami.ami.model import AMIModel, AMIModelInitializer

start = AMIModelInitializer({"root_name": "clocks"})
start.channel_response, start.row_size = [0.0] * 128, 128
start.sample_interval, start.bit_time = 1e-12, 32e-12
model = AMIModel("./clocks.so")
model.initialize(start)
clocks = model.getWave(np.zeros(256 * 32), bits_per_call=64)[1]
expected = np.arange(256) * 32e-12
wrong = np.flatnonzero(~np.isclose(clocks, expected, rtol=1e-9, atol=1e-15))
print("pyibis-ami", version("pyibis-ami"))
print("expected: 256 clock times 32 ps apart, as the model returns them")
print(f"seen: {len(wrong)} of 256 differ, the first at {wrong[:1]}: {clocks[wrong[:3]]} s in place of {expected[wrong[:3]]} s")
print("matters: the documentation calls them recovered sampling instants; from the second call on they are others")
sys.exit(0 if len(wrong) else 1)
PY
