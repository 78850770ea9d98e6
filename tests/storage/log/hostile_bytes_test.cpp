// Parsers of outside bytes: any bytes at all, under a fixed seed, never crash and never accept what is not canonical.
#include "storage/log/base64.hpp"
#include "storage/log/checkpoint.hpp"
#include "storage/log/frontier.hpp"
#include "storage/log/note.hpp"
#include "storage/log/tile.hpp"
#include "tests/storage/groups.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sluice::log {
namespace {

constexpr int rounds = 20'000;

// Good bytes with a few random edits: reaches deeper into a parser than noise does.
std::string mutate(std::string bytes, std::mt19937_64& random) {
  std::size_t const edits = 1 + random() % 4;
  for (std::size_t i = 0; i < edits; ++i) {
    std::size_t const at = bytes.empty() ? 0 : random() % bytes.size();
    switch (random() % 5) {
      case 0:
        bytes.insert(at, 1, static_cast<char>(random()));
        break;
      case 1:
        if (!bytes.empty()) bytes.erase(at, 1 + random() % 8);
        break;
      case 2:
        if (!bytes.empty()) bytes[at] = static_cast<char>(random());
        break;
      case 3:
        bytes.insert(at, bytes.substr(at, random() % 40));
        break;
      default:
        bytes.resize(random() % (bytes.size() + 1));
        break;
    }
  }
  return bytes;
}

TEST(HostileBytes, Notes) {
  std::mt19937_64 random(1);
  std::vector<NoteSigner> const signers{test::signer('a', "one"), test::signer('b', "two"), test::signer('c', "三")};
  std::vector<NoteVerifier> const known{signers[0].verifier()};
  std::string const body = checkpoint_body({"one", 1'000, policy::sha256("root"), {"extension"}});
  std::string const good = sign_note(body, signers);
  for (int i = 0; i < rounds; ++i) {
    std::string const bytes = mutate(good, random);
    auto const checkpoint = open_checkpoint(bytes, known);
    if (!checkpoint) continue;
    EXPECT_EQ(checkpoint->root, policy::sha256("root"));  // only what was signed
    EXPECT_EQ(checkpoint->size, 1'000u);
  }
}

TEST(HostileBytes, CheckpointsAndKeys) {
  std::mt19937_64 random(2);
  std::string const body = checkpoint_body({"one", 1'000, policy::sha256("root"), {}});
  std::string const vkey = test::signer().verifier().to_string();
  std::string const skey = test::signer().private_text();
  for (int i = 0; i < rounds; ++i) {
    std::string const bytes = mutate(body, random);
    if (auto const checkpoint = parse_checkpoint(bytes)) {
      EXPECT_EQ(checkpoint_body(*checkpoint), bytes);
    }
    std::string const key = mutate(vkey, random);
    if (auto const verifier = NoteVerifier::parse(key)) {
      EXPECT_EQ(verifier->to_string(), key);
    }
    std::string const secret = mutate(skey, random);
    if (auto const signer = NoteSigner::parse(secret)) {
      EXPECT_EQ(signer->private_text(), secret);
    }
  }
}

TEST(HostileBytes, BundlesPathsFrontiersAndBase64) {
  std::mt19937_64 random(3);
  std::string bundle;
  for (std::uint64_t i = 0; i < 20; ++i) append_to_bundle(bundle, test::entry(i));
  Frontier frontier;
  for (policy::Hash const& leaf : test::leaves(45)) frontier.append(leaf);
  for (int i = 0; i < rounds; ++i) {
    std::string const bytes = mutate(bundle, random);
    std::size_t total = 0;
    BundleCursor cursor(bytes);
    while (!cursor.at_end()) {
      auto const entry = cursor.next();
      if (!entry) break;
      total += 2 + entry->bytes.size();
    }
    EXPECT_LE(total, bytes.size());
    std::string const path = mutate(random() % 2 == 0 ? "tile/3/x001/x234/067.p/12" : "tile/entries/x001/067", random);
    if (auto const parsed = parse_tile_path(path)) {
      EXPECT_EQ(parsed->entries ? bundle_path(parsed->tile.index, parsed->tile.width) : tile_path(parsed->tile), path);
    }
    std::string const row = mutate(frontier.serialised(), random);
    if (auto const parsed = Frontier::parse(row)) {
      EXPECT_EQ(parsed->serialised(), row);
    }
    std::string const text = mutate("Zm9vYmFyYmF6cXV4", random);
    if (auto const decoded = from_base64(text)) {
      EXPECT_EQ(to_base64(policy::bytes_of(*decoded)), text);
    }
  }
}

}  // namespace
}  // namespace sluice::log
