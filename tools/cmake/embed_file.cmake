# Writes a C++ file that holds SOURCE's bytes as sluice::embedded::SYMBOL.

file(READ "${SOURCE}" digits HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${digits}")
file(WRITE "${OUTPUT}" "#include <string_view>
namespace sluice::embedded {
namespace {
constexpr unsigned char bytes[] = {${bytes}};
}
extern const std::string_view ${SYMBOL};
const std::string_view ${SYMBOL}{reinterpret_cast<const char*>(bytes), sizeof bytes};
}
")
