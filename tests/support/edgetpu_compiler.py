"""A stand-in for Google's edgetpu_compiler, which no index has: it prints what Google's prints."""

from pathlib import Path

SAYS = """Edge TPU Compiler version 16.0.384591198
Model compiled successfully in 1170 ms.
Number of Edge TPU subgraphs: 1
Total number of operations: 16
Number of operations that will run on Edge TPU: 14
Number of operations that will run on CPU: 2"""


def write_compiler(folder: Path, *, adds: str = "edgetpu-custom-op", says: str = SAYS, code: int = 0) -> Path:
    """The folder that holds the program, called as `edgetpu_compiler -s -o FOLDER FILE`: it appends to the file."""
    kept = folder / "google"
    (kept / "edgetpu_compiler_bin").mkdir(parents=True)
    (kept / "edgetpu_compiler_bin" / "adds").write_text(adds)
    program = kept / "edgetpu_compiler"
    program.write_text(
        "#!/bin/sh\n"
        f"cat <<'END'\n{says}\nEND\n"
        f"[ {code} = 0 ] || exit {code}\n"
        'name=$(basename "$4" .tflite)\n'
        'cat "$4" "$(dirname "$0")/edgetpu_compiler_bin/adds" >"$3/${name}_edgetpu.tflite"\n'
    )
    program.chmod(0o755)
    return kept
