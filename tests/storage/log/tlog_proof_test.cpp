// Proofs as texts: every entry's, the form to the letter, and every change refused.
#include "storage/log/tlog_proof.hpp"

#include "storage/log/base64.hpp"
#include "storage/log/memory_ledger.hpp"
#include "tests/storage/groups.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::log {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class TlogProofs : public ::testing::Test {
 protected:
  TlogProofs() {
    for (std::uint64_t first = 0; first < entries; first += 100) {
      auto const appended = ledger_.append(1, first, test::group(first, 100), {});
      EXPECT_TRUE(appended) << appended.error().message;
    }
  }
  TlogProof proof(Sequence index) const {
    auto made = prove_entry(ledger_, index);
    EXPECT_TRUE(made) << made.error();
    return std::move(*made);
  }
  std::string refusal(TlogProof const& changed, std::string_view entry) const {
    auto const verified = verify_tlog_proof(changed, entry, verifiers_);
    return verified ? "" : verified.error();
  }
  static std::string refusal(std::string const& text) {
    auto const parsed = parse_tlog_proof(text);
    return parsed ? "" : parsed.error();
  }

  static constexpr std::uint64_t entries = 600;  // two full tiles and a partial one
  MemoryLedger ledger_{test::signer(), make_memory_disk()};
  std::vector<NoteVerifier> const verifiers_{test::signer().verifier()};
};

TEST_F(TlogProofs, EveryEntryIsProvedAndItsTextReadsBack) {
  for (Sequence index = 0; index < entries; ++index) {
    TlogProof made = proof(index);
    if (index % 2 == 1) made.extra = test::entry(index);
    std::string const text = format_tlog_proof(made);
    auto const read = parse_tlog_proof(text);
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(format_tlog_proof(*read), text);
    EXPECT_EQ(read->extra, made.extra);
    auto const under = verify_tlog_proof(*read, test::entry(index), verifiers_);
    ASSERT_TRUE(under) << under.error();
    EXPECT_EQ(under->size, entries);
    EXPECT_EQ(under->root, ledger_.checkpoint().root);
  }
}

TEST_F(TlogProofs, TheTextIsThatOfTheSpecification) {
  TlogProof made = proof(599);
  made.extra = "why";
  std::string wanted = "c2sp.org/tlog-proof@v1\nextra d2h5\nindex 599\n";
  for (policy::Hash const& hash : made.hashes) wanted += to_base64(hash.bytes) + "\n";
  EXPECT_EQ(format_tlog_proof(made), wanted + "\n" + ledger_.checkpoint().note);
}

TEST_F(TlogProofs, NothingChangedIsAccepted) {
  TlogProof const sound = proof(300);
  std::string const entry = test::entry(300);
  EXPECT_EQ(refusal(sound, entry), "");
  EXPECT_THAT(refusal(sound, test::entry(301)), StartsWith("entry 300 is not in the log as it is said to be"));
  TlogProof changed = sound;
  changed.index = 301;
  EXPECT_THAT(refusal(changed, entry), StartsWith("entry 301 is not in the log"));
  changed.index = entries;
  EXPECT_EQ(refusal(changed, entry), "entry 600 lies beyond the checkpoint's 600 entries");
  for (std::size_t i = 0; i < sound.hashes.size(); ++i) {
    changed = sound;
    changed.hashes[i].bytes[5] ^= 1;
    EXPECT_THAT(refusal(changed, entry), HasSubstr("not in the log")) << i;
  }
  changed = sound;
  changed.checkpoint = sign_checkpoint(test::signer('X'), entries, ledger_.checkpoint().root);
  EXPECT_THAT(refusal(changed, entry), StartsWith("the checkpoint: "));
}

TEST_F(TlogProofs, EveryChangedByteOfATextIsNoticed) {
  TlogProof sound = proof(7);
  std::string const text = format_tlog_proof(sound);
  std::string const entry = test::entry(7);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    auto const read = parse_tlog_proof(changed);
    EXPECT_TRUE(!read || !verify_tlog_proof(*read, entry, verifiers_)) << "byte " << i;
    auto const shorter = parse_tlog_proof(text.substr(0, i));
    EXPECT_TRUE(!shorter || !verify_tlog_proof(*shorter, entry, verifiers_)) << "up to byte " << i;
  }
}

TEST_F(TlogProofs, MalformedTextsAreRefusedWithTheirLine) {
  std::string const head = "c2sp.org/tlog-proof@v1\n";
  std::string const hash = to_base64(policy::sha256("x").bytes) + "\n";
  std::string const note = "\n" + ledger_.checkpoint().note;
  EXPECT_EQ(refusal(head + "index 0\n" + hash + note), "");
  EXPECT_THAT(refusal(""), StartsWith("line 1:"));
  EXPECT_THAT(refusal("c2sp.org/tlog-proof@v2\nindex 0\n" + note), StartsWith("line 1:"));
  EXPECT_THAT(refusal(head + "extra \nindex 0\n" + note), StartsWith("line 2:"));
  EXPECT_THAT(refusal(head + "extra d2h5=\nindex 0\n" + note), StartsWith("line 2:"));
  EXPECT_THAT(refusal(head + "index 0\nextra d2h5\n" + note), StartsWith("line 3:"));
  for (char const* index : {"index 00", "index 01", "index +1", "index -1", "index 1 ", "index", "index 18446744073709551616"})
    EXPECT_THAT(refusal(head + index + "\n" + note), StartsWith("line 2:")) << index;
  EXPECT_THAT(refusal(head + "index 0\nAAAA\n" + note), StartsWith("line 3: is not the base64"));
  EXPECT_THAT(refusal(head + "index 0\r\n" + note), StartsWith("line 2:"));
  EXPECT_THAT(refusal(head + "index 0\n" + hash), HasSubstr("the checkpoint is missing"));
  std::string many;
  for (int i = 0; i < 64; ++i) many += hash;
  EXPECT_THAT(refusal(head + "index 0\n" + many + note), HasSubstr("more hashes than any tree is high"));
  EXPECT_THAT(refusal(head + "index 0\n\nno note\n"), StartsWith("the checkpoint: "));
  EXPECT_THAT(refusal(std::string(tlog_proof_bytes_max + 1, 'a')), StartsWith("longer than"));
}

}  // namespace
}  // namespace sluice::log
