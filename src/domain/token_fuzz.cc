// Nobody without the key makes a token.

#include <cstdint>
#include <string_view>

#include "domain/impression_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ante;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const TokenSigner signer(SecretKey{42});
  const auto token = signer.verify(bytes);
  if (token) CHECK(signer.sign(*token) == bytes);
  return 0;
}
