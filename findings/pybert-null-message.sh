#!/usr/bin/env bash
# PyBERT 11.1.0: a model whose AMI_Init leaves msg alone, as it may, ends run_ami_model with an AttributeError.
#
# AMI_Init gets char **msg for a message to the user; a model that has nothing to say sets it to NULL. PyBERT catches a NULL of
# AMI_parameters_out but decodes msg without asking. Expected: the output waveform. Seen: AttributeError: 'NoneType' object has
# no attribute 'decode'. So a correct model cannot be run at all, and nothing points at the reason.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > quiet.c <<'C'
#include <stddef.h>
long AMI_Init(double *h, long rows, long aggressors, double interval, double period, char *in, char **out, void **handle, char **msg) {
    (void)h, (void)rows, (void)aggressors, (void)interval, (void)period, (void)in;
    *out = "(quiet)", *handle = "", *msg = NULL;
    return 1;
}
long AMI_GetWave(double *wave, long size, double *clocks, char **out, void *handle) {
    (void)wave, (void)size, (void)handle;
    clocks[0] = -1.0;
    *out = "(quiet)";
    return 1;
}
long AMI_Close(void *handle) { (void)handle; return 1; }
C
cat > quiet.ami <<'AMI'
(quiet
  (Reserved_Parameters
    (AMI_Version (Usage Info) (Type String) (Value "7.1"))
    (Init_Returns_Impulse (Usage Info) (Type Boolean) (Value True))
    (GetWave_Exists (Usage Info) (Type Boolean) (Value True)))
  (Model_Specific
    (gain (Usage In) (Type Float) (Range 1 0 2) (Description "unused"))))
AMI
cc -shared -fPIC -o quiet.so quiet.c
python3 -m venv env
env/bin/pip install -q "pipbert==11.1.0" "PyIBIS-AMI==10.0.0"
QT_QPA_PLATFORM=offscreen env/bin/python - <<'PY'
import sys
from importlib.metadata import version
from pathlib import Path
import numpy as np
from pybert.utility.ibisami import run_ami_model
from pyibisami.ami.parser import AMIParamConfigurator

settings = AMIParamConfigurator(Path("quiet.ami").read_text())
impulse = np.zeros(512)
impulse[10] = 1.0
print("pipbert", version("pipbert"), "with PyIBIS-AMI", version("pyibis-ami"))
print("expected: the waveform that AMI_GetWave leaves as it is")
try:
    answer = run_ami_model("./quiet.so", settings, True, 100e-12, 3.125e-12, impulse, np.ones(64 * 32))[0]
except AttributeError as error:
    print("seen: AttributeError:", error)
    print("matters: the message is optional; a model that follows the interface cannot be run, and no setting helps")
    sys.exit(0)
print("seen: a waveform of", len(answer), "samples")
sys.exit(1)
PY
