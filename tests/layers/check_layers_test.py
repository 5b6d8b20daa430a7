"""Tries scripts/check_layers.py on small trees, each with one violation.

usage: check_layers_test.py PATH_OF_check_layers.py
"""
import pathlib
import subprocess
import sys
import tempfile

GOOD = {
    "base/README.md": "", "base/units.hpp": "#include <cstdint>\n#include <sys/types.h>\n",
    "base/json.cpp": "#include <nlohmann/json.hpp>\n",
    "hw/README.md": "", "hw/spec.hpp": '#include "base/units.hpp"\n', "hw/load.hpp": '#include "hw/spec.hpp"\n',
    "cost/README.md": "", "cost/cost.hpp": '#include "hw/spec.hpp"\n',
    "chip/README.md": "", "chip/core.hpp": "#include <systemc>\n", "chip/chip.hpp": '#include "base/units.hpp"\n',
    "flow/README.md": "", "flow/run.cpp": '#include "chip/chip.hpp"\n#include "hw/load.hpp"\n#include <fmt/format.h>\n',
    "compiler/README.md": "", "compiler/options.hpp": '#include "base/units.hpp"\n',
    "compiler/ir/code.hpp": '#include "compiler/options.hpp"\n', "compiler/emit/emit.hpp": '#include "compiler/ir/code.hpp"\n',
    "compiler/search/fit.hpp": '#include "compiler/emit/emit.hpp"\n',
    "compiler/pipeline.cpp": '#include "compiler/search/fit.hpp"\n#include "compiler/compile.hpp"\n',
    "compiler/compile.hpp": "",
    "CMakeLists.txt": "infsim_library(base PRIVATE fmt)\ninfsim_library(cost USES base hw)\n",
}

# Changed files -> what must be complained about.
BAD = [
    ({"base/units.hpp": '#include "hw/spec.hpp"\n'}, "sim/base/units.hpp: 'base' may not include hw/spec.hpp"),
    ({"cost/cost.hpp": '#include "hw/load.hpp"\n'}, "sim/cost/cost.hpp: 'cost' may not include hw/load.hpp"),
    ({"base/json.hpp": "#include <nlohmann/json_fwd.hpp>\n"}, "sim/base/json.hpp: may not see nlohmann/json"),
    ({"chip/chip.hpp": '#include "chip/core.hpp"\n'},
     "sim/flow/run.cpp: may not see SystemC: flow/run.cpp -> chip/chip.hpp -> chip/core.hpp -> <systemc>"),
    ({"flow/run.cpp": "  #  include <tlm_utils/simple_target_socket.h>\n"}, "sim/flow/run.cpp: may not see SystemC"),
    ({"flow/run.cpp": "#include <boost/program_options.hpp>\n"}, "sim/flow/run.cpp: may not see Boost"),
    ({"hw/spec.hpp": "#include <Eigen/Core>\n"}, "sim/hw/spec.hpp: may not see Eigen"),
    ({"hw/spec.hpp": "#include <onnx/onnx_pb.h>\n"}, "sim/hw/spec.hpp: may not see ONNX"),
    ({"hw/spec.hpp": "#include <curl/curl.h>\n"}, "sim/hw/spec.hpp: <curl/curl.h> belongs to no library"),
    ({"hw/load.hpp": '#include "spec.hpp"\n'}, 'sim/hw/load.hpp: "spec.hpp" is no file below sim/'),
    ({"extra/README.md": "", "extra/x.hpp": ""}, "sim/extra/x.hpp: folder 'extra' is not in the table"),
    ({"hw/README.md": None}, "sim/hw: README.md is missing"),
    ({"CMakeLists.txt": "infsim_library(base USES hw PRIVATE fmt)\n"},
     "sim/CMakeLists.txt: infsim_base may not link infsim_hw"),
    ({"compiler/ir/code.hpp": '#include "compiler/emit/emit.hpp"\n'},
     "sim/compiler/ir/code.hpp: room 'ir' may not include compiler/emit/emit.hpp"),
    ({"compiler/ir/code.hpp": '#include "compiler/emit/emit.hpp"\n'},
     "circle of rooms in compiler: emit -> ir -> emit"),
    ({"compiler/emit/emit.hpp": '#include "compiler/search/fit.hpp"\n'}, "circle of rooms in compiler: search -> emit -> search"),
    ({"compiler/memory/spill.hpp": '#include "compiler/emit/emit.hpp"\n'}, "room 'memory' may not include compiler/emit/emit.hpp"),
    ({"compiler/search/fit.hpp": '#include "compiler/compile.hpp"\n'},
     "sim/compiler/search/fit.hpp: room 'search' may not include compiler/compile.hpp"),
    ({"compiler/search/fit.hpp": '#include "compiler/compile.hpp"\n'}, "circle of rooms in compiler: root -> search -> root"),
    ({"compiler/options.hpp": '#include "compiler/ir/code.hpp"\n'},
     "sim/compiler/options.hpp: a header that is free for all rooms may not include compiler/ir/code.hpp"),
    ({"compiler/passes/x.cpp": ""}, "sim/compiler/passes/x.cpp: room 'passes' is not in the table of compiler"),
    ({"base/a.hpp": '#include "base/b.hpp"\n', "base/b.hpp": '#include "base/c.hpp"\n', "base/c.hpp": '#include "base/a.hpp"\n'},
     "include circle: base/a.hpp -> base/b.hpp -> base/c.hpp -> base/a.hpp"),
    ({"base/a.hpp": '#include "base/a.hpp"\n'}, "include circle: base/a.hpp -> base/a.hpp"),
]


def check(checker, files):
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            if text is not None:
                path = pathlib.Path(root, "sim", name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        return subprocess.run([sys.executable, checker, root], capture_output=True, text=True)


def main(checker):
    failures = []
    good = check(checker, GOOD)
    if good.returncode != 0:
        failures.append(f"a tree without violations is refused:\n{good.stdout}{good.stderr}")
    long = check(checker, {**GOOD, "hw/spec.hpp": "\n" * 401})
    if long.returncode != 0 or "warning: sim/hw/spec.hpp: 401 lines" not in long.stdout:
        failures.append(f"a long file is not warned about:\n{long.stdout}")
    for change, complaint in BAD:
        result = check(checker, {**GOOD, **change})
        if result.returncode != 1 or complaint not in result.stdout:
            failures.append(f"{change} does not give '{complaint}' but:\n{result.stdout}{result.stderr}")
    if check(checker, {}).returncode != 1:
        failures.append("an empty tree is accepted")
    print("\n".join(failures) if failures else f"{len(BAD)} violations found")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
