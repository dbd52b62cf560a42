#!/usr/bin/env bash
# PyBERT 11.1.0: run_ami_model sends its own probe through AMI_GetWave before the wave, on the same instance of the model.
#
# A model remembers what went through AMI_GetWave. The model here adds what it was sent one UI earlier. Silence is sent; a model
# that was only initialised answers with silence. Expected: zeros. Seen: the first UI holds the end of a step that PyBERT sent to
# measure the model's response, so a user's first symbols are those of another waveform.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > echoing.c <<'C'
#include <stdlib.h>
#include <string.h>
typedef struct { long step; double *past; } Model;
long AMI_Init(double *h, long rows, long aggressors, double interval, double period, char *in, char **out, void **handle, char **msg) {
    Model *model = malloc(sizeof *model);
    (void)h, (void)rows, (void)aggressors, (void)in;
    model->step = (long)(period / interval + 0.5), model->past = calloc(model->step, sizeof(double));
    *out = "(echoing)", *handle = model, *msg = "";
    return 1;
}
long AMI_GetWave(double *wave, long size, double *clocks, char **out, void *handle) {
    Model *model = handle;
    for (long n = 0; n < size; n++) {
        double *earlier = model->past + n % model->step, now = wave[n];
        wave[n] = now + *earlier, *earlier = now;
    }
    clocks[0] = -1.0, *out = "(echoing)";
    return 1;
}
long AMI_Close(void *handle) { free(((Model *)handle)->past), free(handle); return 1; }
C
cat > echoing.ami <<'AMI'
(echoing
  (Reserved_Parameters
    (AMI_Version (Usage Info) (Type String) (Value "7.1"))
    (Init_Returns_Impulse (Usage Info) (Type Boolean) (Value False))
    (GetWave_Exists (Usage Info) (Type Boolean) (Value True)))
  (Model_Specific
    (gain (Usage In) (Type Float) (Range 1 0 2) (Description "unused"))))
AMI
cc -shared -fPIC -o echoing.so echoing.c
python3 -m venv env
env/bin/pip install -q "pipbert==11.1.0" "PyIBIS-AMI==10.0.0"
QT_QPA_PLATFORM=offscreen env/bin/python - <<'PY'
import sys
from importlib.metadata import version
from pathlib import Path
import numpy as np
from pybert.utility.ibisami import run_ami_model
from pyibisami.ami.parser import AMIParamConfigurator

settings = AMIParamConfigurator(Path("echoing.ami").read_text())
impulse = np.zeros(512)
impulse[10] = 1.0
answer = run_ami_model("./echoing.so", settings, True, 100e-12, 3.125e-12, impulse, np.zeros(64 * 32), bits_per_call=8)[0]
wrong = np.flatnonzero(answer)
print("pipbert", version("pipbert"), "with PyIBIS-AMI", version("pyibis-ami"))
print("expected: silence from a model that was initialised and then sent silence")
print(f"seen: {len(wrong)} samples are not zero, up to number {wrong.max(initial=-1)}, the largest {np.abs(answer).max():g} V")
print("matters: equalisers and adaptive receivers start from what the probe left, not from AMI_Init")
sys.exit(0 if len(wrong) else 1)
PY
