// Ids, buckets and tokens.

#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include "base/encoding.h"
#include "base/json_parser.h"
#include "base/random.h"
#include "domain/bucketing.h"
#include "domain/ids.h"
#include "domain/impression_token.h"

namespace ante {
namespace {

constexpr SecretKey kKey{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

TEST(Ids, PersonHashTellsTenantKindAndIdApart) {
  const PersonHash a = person_hash(kKey, TenantId{1}, {RoutingKind::kAnonymous, "x"});
  EXPECT_EQ(a, person_hash(kKey, TenantId{1}, {RoutingKind::kAnonymous, "x"}));
  EXPECT_NE(a, person_hash(kKey, TenantId{2}, {RoutingKind::kAnonymous, "x"}));
  EXPECT_NE(a, person_hash(kKey, TenantId{1}, {RoutingKind::kUser, "x"}));
  EXPECT_NE(a, person_hash(kKey, TenantId{1}, {RoutingKind::kAnonymous, "y"}));
  EXPECT_NE(a, person_hash(SecretKey{}, TenantId{1}, {RoutingKind::kAnonymous, "x"}));
  const std::string longest(2000, 'x');
  EXPECT_NE(person_hash(kKey, TenantId{1}, {RoutingKind::kUser, longest}),
            person_hash(kKey, TenantId{1}, {RoutingKind::kUser, longest + "x"}));
  EXPECT_NE(message_key(a, "m"), message_key(a, "n"));
}

TEST(Ids, TextsReadBackAndSortByTime) {
  Random random(2);
  for (int round = 0; round < 1000; ++round) {
    const auto time = static_cast<TimeMs>(random.below(1ULL << 47));
    const Partition partition{static_cast<std::uint16_t>(random.below(256))};
    const DecisionId id = make_decision_id(time, partition, random.next(), random.next());
    EXPECT_EQ(id.time_ms(), time);
    EXPECT_EQ(id.partition(), partition);
    EXPECT_EQ(parse_decision_id(to_string(id)), id);
    EXPECT_LT(to_string(id),
              to_string(make_decision_id(time + 1, partition, random.next(), random.next())));
    const PersonHash person{{random.next(), random.next()}};
    EXPECT_EQ(parse_person_hash(to_string(person)), person);
  }
  for (const std::string_view text :
       {"", "dec_", "dec_0", "DEC_00000000000000000000000000", "dec_80000000000000000000000000",
        "dec_0000000000000000000000000!", "dec_000000000000000000000000000"}) {
    EXPECT_FALSE(parse_decision_id(text)) << text;
  }
  for (const std::string_view text :
       {"", "per_", "per_00", "0123456789abcdef0123456789abcdef",
        "per_0123456789abcdef0123456789abcdeg", "per_0123456789abcdef0123456789abcdef0"}) {
    EXPECT_FALSE(parse_person_hash(text)) << text;
  }
}

TEST(Bucketing, VectorsStayAsTheyAre) {
  std::ifstream stream("docs/formats/bucketing_vectors.json");
  const std::string json{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  JsonParser parser(1 << 20);
  const auto root = parser.parse(json);
  ASSERT_TRUE(root.has_value());
  std::size_t rows = 0;
  const simdjson::dom::array vectors = (*root)["vectors"].get_array().value();
  for (const simdjson::dom::element row : vectors) {
    const auto person = parse_person_hash(row["person"].get_string().value());
    ASSERT_TRUE(person);
    EXPECT_EQ(bucket_of(row["salt"].get_string().value(), *person),
              row["bucket"].get_uint64().value());
    ++rows;
  }
  EXPECT_GE(rows, 200u);
  // And the arms that come of them in a slot.
  std::map<std::string, int> arms;
  const simdjson::dom::array cases = (*root)["arms"].get_array().value();
  for (const simdjson::dom::element row : cases) {
    Slot slot;
    slot.name = row["slot"].get_string().value();
    slot.holdout = row["holdout"].get_double().value();
    const auto share = [&row](std::string_view name) {
      double value = 0;
      return row["controls"][name].get(value) == simdjson::SUCCESS ? value : 0.0;
    };
    slot.controls = {share("bestSingle"),      share("shuffled"),       share("trending"),
                     share("withoutTold"),     share("withoutNoticed"), share("withoutImported"),
                     share("withoutSituation")};
    const auto person = parse_person_hash(row["person"].get_string().value());
    ASSERT_TRUE(person);
    const Arm arm = arm_of(slot, row["holdoutSalt"].get_string().value(),
                           row["salt"].get_string().value(), *person);
    EXPECT_EQ(to_string(arm), row["arm"].get_string().value());
    ++arms[to_string(arm)];
  }
  EXPECT_EQ(arms.size(), 9u);
}

// 100 cells of 2,000 expected: chi-square with 99 degrees of freedom, p = .0001 at 161. Sees a cell
// that is off by 10 %.
TEST(Bucketing, BucketsAreUniformAndIndependentBetweenSalts) {
  Random random(9);
  std::vector<int> cells(100);
  int both = 0;
  constexpr int kPeople = 200'000;
  for (int i = 0; i < kPeople; ++i) {
    const PersonHash person{{random.next(), random.next()}};
    ++cells[bucket_of("home", person) / 100];
    if (arm_of("home", person, 0.1) == Arm::kHoldout &&
        arm_of("cart", person, 0.1) == Arm::kHoldout)
      ++both;
  }
  double chi = 0;
  for (const int n : cells) chi += (n - 2000.0) * (n - 2000.0) / 2000.0;
  EXPECT_LT(chi, 161);
  EXPECT_NEAR(both, kPeople * 0.01, 5 * std::sqrt(kPeople * 0.01));
}

TEST(Bucketing, SharesAtTheEdges) {
  const PersonHash person{{1, 2}};
  EXPECT_EQ(arm_of("s", person, 0), Arm::kTreated);
  EXPECT_EQ(arm_of("s", person, 1), Arm::kHoldout);
  EXPECT_EQ(arm_of("s", person, -3), Arm::kTreated);
  EXPECT_EQ(arm_of("s", person, 7), Arm::kHoldout);
  EXPECT_EQ(arm_of("s", person, std::nan("")), Arm::kTreated);
}

ImpressionToken some_token() {
  return {kFirstTenant, DecisionId{{11, 12}}, ItemKey{13}, 2, SlotKey{14}, Arm::kHoldout, 0.125F,
          15,           PersonHash{{16, 17}}, 18};
}

TEST(ImpressionToken, ReadsBackAndIsHmacSha256) {
  const TokenSigner signer(kKey);
  const std::string text = signer.sign(some_token());
  const auto token = signer.verify(text);
  ASSERT_TRUE(token.has_value());
  EXPECT_EQ(*token, some_token());
  const std::string bytes = *base64url_decode(text.substr(4));
  unsigned char mac[32];
  unsigned int mac_size = 0;
  HMAC(EVP_sha256(), kKey.data(), static_cast<int>(kKey.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size() - 16, mac, &mac_size);
  EXPECT_EQ(bytes.substr(bytes.size() - 16), std::string(reinterpret_cast<const char*>(mac), 16));
}

TEST(ImpressionToken, TellsEveryArmAndRefusesOthers) {
  const TokenSigner signer(kKey);
  ImpressionToken token = some_token();
  for (unsigned arm = 0; arm < 256; ++arm) {
    token.arm = static_cast<Arm>(arm);
    const auto read = signer.verify(signer.sign(token));
    ASSERT_EQ(read.has_value(), arm >= 1 && arm <= 9) << arm;
    if (read) {
      EXPECT_EQ(read->arm, token.arm);
    }
  }
}

TEST(ImpressionToken, ForgedAndBrokenTokensAreRefusedAlike) {
  const TokenSigner signer(kKey);
  const std::string text = signer.sign(some_token());
  std::vector<std::string> forged = {"",
                                     "it1.",
                                     "it2" + text.substr(3),
                                     text + "A",
                                     text.substr(0, text.size() - 1),
                                     TokenSigner(SecretKey{}).sign(some_token()),
                                     std::string(text.size(), 'A')};
  for (std::size_t at = 4; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    forged.push_back(changed);
  }
  for (const std::string& candidate : forged) {
    const auto token = signer.verify(candidate);
    ASSERT_FALSE(token.has_value()) << candidate;
    EXPECT_EQ(token.error().message, "not a valid impression token");
  }
}

}  // namespace
}  // namespace ante
