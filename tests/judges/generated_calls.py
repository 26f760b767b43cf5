"""schemathesis against a running gateway: arguments that fit a document and arguments that do not; every answer must be one
that the document describes.

usage: generated_calls.py BASE"""

import os
import pathlib
import sys
import tempfile

# Not asked, as the answer is right either way: `not_a_server_error` (a tool's own error is a 500 with a Problem, as in
# mcpo, and must be of the form that the document gives for it), `positive_data_acceptance` (a server may refuse what its
# schema allows), `negative_data_rejection` ("7" is taken for 7, as in mcpo; corpus.rs proves that what is invalid beyond
# that is refused).
CHECKS = ("status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance")


def main():
    base = sys.argv[1]
    program = pathlib.Path(sys.executable).parent / "schemathesis"
    os.chdir(tempfile.gettempdir())  # it looks for settings where it starts
    os.execv(program, [program, "run", f"{base}/openapi.json", "--url", base, "--checks", ",".join(CHECKS), "--mode", "all",
                       "--phases", "coverage,fuzzing", "--max-examples", "30", "--seed", "1", "--generation-deterministic",
                       "--no-color"])


if __name__ == "__main__":
    main()
