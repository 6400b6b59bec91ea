// The impression token: what a served item carries, so that its activation and rewards can be
// believed without reading the decision back.
//
// `it1.` + base64url of: format version, tenant, decision, item, position, slot, arm, propensity,
// policy version, person hash, time, and a 128-bit MAC (HMAC-SHA-256 cut to 16 bytes) over all of
// it. docs/formats/token.md. TokenSigner may be used by any thread.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/hash.h"
#include "base/result.h"
#include "domain/decision.h"
#include "domain/ids.h"

namespace ante {

struct ImpressionToken {
  TenantId tenant = kFirstTenant;
  DecisionId decision;
  ItemKey item;
  std::uint8_t position = 1;  // from 1
  SlotKey slot;
  Arm arm = Arm::kTreated;
  float propensity = 1;
  std::uint32_t policy_version = 0;
  PersonHash person;
  TimeMs at_ms = 0;
  friend bool operator==(const ImpressionToken&, const ImpressionToken&) = default;
};

class TokenSigner {
 public:
  explicit TokenSigner(const SecretKey& key);
  ~TokenSigner();
  TokenSigner(TokenSigner&&) noexcept;

  std::string sign(const ImpressionToken& token) const;
  // kInvalidArgument: not a token, changed, or signed by another key; which of them is not told.
  Result<ImpressionToken> verify(std::string_view text) const;

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace ante
