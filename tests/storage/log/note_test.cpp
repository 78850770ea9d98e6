// Signed notes and checkpoints: published vectors, many signatures, and every refusal.
#include "storage/log/note.hpp"

#include "storage/log/base64.hpp"
#include "storage/log/checkpoint.hpp"
#include "storage/log/tree_hash.hpp"
#include "tests/storage/groups.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::log {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string unhex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

// The key pair and note of the signed-note documentation's example.
constexpr std::string_view vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view skey = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr std::string_view text =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
std::string const note = std::string(text) +
                         "\n\xE2\x80\x94 PeterNeumann "
                         "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

TEST(Ed25519, Rfc8032Vectors) {
  struct Vector {
    char const *seed, *key, *message, *signature;
  };
  for (
      Vector const& v :
      {Vector{
           "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
           "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
           "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100"
           "b"},
       Vector{
           "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
           "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
           "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c0"
           "0"},
       Vector{
           "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
           "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
           "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40"
           "a"}}) {
    auto const key = Ed25519Key::from_seed(policy::bytes_of(unhex(v.seed)));
    ASSERT_TRUE(key);
    EXPECT_EQ(policy::to_hex(policy::Bytes{key->public_key()}), v.key);
    EXPECT_EQ(key->seed(), unhex(v.seed));
    std::string const message = unhex(v.message);
    Ed25519Signature const signature = key->sign(policy::bytes_of(message));
    EXPECT_EQ(policy::to_hex(policy::Bytes{signature}), v.signature);
    Ed25519Verifier const verifier(key->public_key());
    EXPECT_TRUE(verifier.verify(policy::bytes_of(message), signature));
    EXPECT_FALSE(verifier.verify(policy::bytes_of(message + "x"), signature));
    EXPECT_FALSE(verifier.verify(policy::bytes_of(message), policy::Bytes{signature}.first(63)));
    EXPECT_FALSE(verifier.verify(policy::bytes_of(message), {}));
    for (std::size_t bit = 0; bit < 512; bit += 37) {
      Ed25519Signature flipped = signature;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      EXPECT_FALSE(verifier.verify(policy::bytes_of(message), flipped)) << bit;
    }
  }
}

TEST(Ed25519, SeedsHave32BytesAndGeneratedKeysDiffer) {
  EXPECT_FALSE(Ed25519Key::from_seed({}));
  Ed25519Key const a = Ed25519Key::generate();
  EXPECT_NE(a.public_key(), Ed25519Key::generate().public_key());
  EXPECT_TRUE(Ed25519Verifier(a.public_key()).verify(policy::bytes_of("m"), a.sign(policy::bytes_of("m"))));
}

TEST(Base64, OneSpellingPerValue) {
  EXPECT_EQ(from_base64(""), "");
  EXPECT_EQ(from_base64("Zg=="), "f");
  EXPECT_EQ(from_base64("Zm8="), "fo");
  EXPECT_EQ(from_base64("Zm9v"), "foo");
  for (char const* bad :
       {"Zg", "Zg=", "Zh==", "Zm9=", "Zm9v\n", " Zm9v", "Zm9v    ", "====", "=", "Z===", "Zm9v=", "Zm-v", "Zm_v", "\n\n\n\n", "Zg==Zg=="}) {
    EXPECT_FALSE(from_base64(bad)) << bad;
  }
}

TEST(NoteKeys, PublishedVector) {
  auto const verifier = NoteVerifier::parse(vkey);
  ASSERT_TRUE(verifier) << verifier.error();
  EXPECT_EQ(verifier->name(), "PeterNeumann");
  EXPECT_EQ(verifier->key_id(), 0xc74f20a3u);
  EXPECT_EQ(verifier->to_string(), vkey);
  auto const signer = NoteSigner::parse(skey);
  ASSERT_TRUE(signer) << signer.error();
  EXPECT_EQ(signer->verifier().to_string(), vkey);
  EXPECT_EQ(signer->private_text(), skey);
  EXPECT_EQ(sign_note(text, *signer), note);
}

TEST(NoteKeys, MangledOnesAreRefusedWithAReason) {
  std::pair<std::string, std::string> const cases[] = {
      {"", "name+8 hex digits+base64"},
      {"PeterNeumann", "name+8 hex digits+base64"},
      {"PeterNeumann+c74f20a3", "name+8 hex digits+base64"},
      {"+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "key name"},
      {"Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "key name"},
      {"PeterNeumann+c74f20a+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "8 hexadecimal"},
      {"PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "lower-case"},
      {"PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "does not belong"},
      {"PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "does not belong"},
      {"PeterNeumann+c74f20a3+", "not base64"},
      {"PeterNeumann+c74f20a3+ARpc2Q", "not base64"},
      {"PeterNeumann+c74f20a3+ARpc2QcU", "32 bytes"},
      {"PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "algorithm is 0x65"},
  };
  for (auto const& [key, reason] : cases) {
    auto const verifier = NoteVerifier::parse(key);
    ASSERT_FALSE(verifier) << key;
    EXPECT_THAT(verifier.error(), HasSubstr(reason)) << key;
  }
  EXPECT_FALSE(NoteSigner::parse(vkey));
  EXPECT_FALSE(NoteSigner::parse("PRIVATE+KEY+"));
  auto const wrong = NoteSigner::parse("PRIVATE+KEY+PeterNeumann+c74f20a4+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error(), ::testing::Not(HasSubstr("AYEK")));  // a secret is never repeated
}

TEST(NoteKeys, Names) {
  for (char const* good : {"a", "log.example/one", "日志", "a_b-c.d/e", "\xF0\x9F\x94\x92"}) EXPECT_TRUE(is_key_name(good)) << good;
  for (char const* bad : {"",
                          "a b",
                          "a+b",
                          "a\n",
                          "a\tb",
                          "\x7f",
                          "a\xC2\xA0",
                          "a\xE3\x80\x80",
                          "\xFF",
                          "\xC0\xAF",
                          "\xE0\x80\x80",
                          "\xED\xA0\x80",
                          "\xF4\x90\x80\x80",
                          "\xF0\x80\x80\x80",
                          "\xE2\x80",
                          "\xE2\x28\xA1",
                          "\xC2\x85",
                          "\xE1\x9A\x80",
                          "\xE2\x80\x8A",
                          "\xE2\x80\xA8",
                          "\xE2\x80\xA9",
                          "\xE2\x80\xAF",
                          "\xE2\x81\x9F",
                          "\xF5\x80\x80\x80"}) {
    EXPECT_FALSE(is_key_name(bad)) << bad;
  }
}

TEST(Note, PublishedVectorOpens) {
  std::vector<NoteVerifier> const known{*NoteVerifier::parse(vkey)};
  auto const opened = open_note(note, known);
  ASSERT_TRUE(opened) << opened.error();
  EXPECT_EQ(opened->note.text, text);
  EXPECT_THAT(opened->signed_by, ElementsAre(0u));
  EXPECT_THAT(open_note(note, {}).error(), HasSubstr("no signature by a known key"));
}

TEST(Note, SixteenSignaturesAndMoreAreRead) {
  std::vector<NoteSigner> signers;
  std::vector<NoteVerifier> verifiers;
  for (char i = 0; i < 40; ++i) {
    signers.push_back(test::signer(static_cast<char>('0' + i), "witness.test/" + std::to_string(i)));
    verifiers.push_back(signers.back().verifier());
  }
  std::string const signed_note = sign_note("text\n", signers);
  auto const all = open_note(signed_note, verifiers);
  ASSERT_TRUE(all) << all.error();
  EXPECT_EQ(all->signed_by.size(), 40u);
  // Someone who knows one key only, and not the first.
  auto const one = open_note(signed_note, std::span(verifiers).subspan(33, 1));
  ASSERT_TRUE(one);
  EXPECT_EQ(one->note.signatures.size(), 40u);
  // One more line than the limit.
  std::string many = "text\n\n";
  std::string const line = signed_note.substr(6, signed_note.find('\n', 6) - 5);
  for (std::size_t i = 0; i < note_signatures_max; ++i) many += line;
  EXPECT_TRUE(open_note(many, verifiers));
  EXPECT_EQ(open_note(many, verifiers)->signed_by.size(), 1u);  // each key counts once
  many += line;
  EXPECT_THAT(open_note(many, verifiers).error(), HasSubstr("more than 100"));
}

TEST(Note, AKnownKeysWrongSignatureSpoilsTheNote) {
  std::vector<NoteSigner> const signers{test::signer('a', "one"), test::signer('b', "two")};
  std::vector<NoteVerifier> const both{signers[0].verifier(), signers[1].verifier()};
  std::string bytes = sign_note("text\n", signers);
  std::size_t const second = bytes.rfind("two ") + 4;
  auto raw = *from_base64(std::string_view(bytes).substr(second, bytes.size() - second - 1));
  raw[20] = static_cast<char>(raw[20] ^ 1);
  bytes.replace(second, bytes.size() - second - 1, to_base64(policy::bytes_of(raw)));
  EXPECT_THAT(open_note(bytes, both).error(), HasSubstr("signature by two"));
  EXPECT_TRUE(open_note(bytes, std::span(both).first(1)));  // to whom "two" is unknown
  // Same name with another key, same key id under another name: unknown, not wrong.
  std::vector<NoteVerifier> const others{test::signer('c', "one").verifier(), test::signer('a', "three").verifier()};
  EXPECT_THAT(open_note(bytes, others).error(), HasSubstr("no signature by a known key"));
}

TEST(Note, MalformedOnesAreRefusedWithAReason) {
  std::string const dash = "\xE2\x80\x94 ";
  std::pair<std::string, std::string> const cases[] = {
      {"", "does not end with a newline"},
      {"text", "does not end with a newline"},
      {"text\n", "no empty line"},
      {"text\n\n", "no signature"},
      {"text\n\nx\n", "em dash"},
      {"text\n\n" + dash + "name\n", "no space between name and signature"},
      {"text\n\n" + dash + "na+me AAAAAAAA\n", "invalid key name"},
      {"text\n\n" + dash + " AAAAAAAA\n", "invalid key name"},
      {"text\n\n" + dash + "name AAA\n", "not base64"},
      {"text\n\n" + dash + "name AAAA\n", "less than a key id"},
      {"text\n\n" + dash + "name AAAAAA==\n", "less than a key id"},
      {"te\xFFxt\n\n" + dash + "name AAAAAAAA\n", "byte 2 is not UTF-8"},
      {std::string("te\0xt\n\n", 7) + dash + "name AAAAAAAA\n", "byte 2 is a control character"},
      {"text\r\n\n" + dash + "name AAAAAAAA\n", "byte 4 is a control character"},
      {"text\n\n" + dash + "name AAAAAAAA", "does not end with a newline"},
      {std::string(note_bytes_max + 1, 'x'), "at most"},
  };
  for (auto const& [bytes, reason] : cases) {
    auto const parsed = parse_note(bytes);
    ASSERT_FALSE(parsed) << bytes.substr(0, 100);
    EXPECT_THAT(parsed.error(), HasSubstr(reason)) << bytes.substr(0, 100);
  }
}

TEST(Note, EveryFlippedBitIsFound) {
  std::vector<NoteVerifier> const known{*NoteVerifier::parse(vkey)};
  for (std::size_t bit = 0; bit < note.size() * 8; ++bit) {
    std::string flipped = note;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(open_note(flipped, known)) << "bit " << bit;
  }
}

TEST(Checkpoint, BodyIsWrittenAndReadBack) {
  Checkpoint const checkpoint{"log.sluice.test/one", 12'345, policy::sha256("root"), {"extra line"}};
  std::string const body = checkpoint_body(checkpoint);
  EXPECT_EQ(body, "log.sluice.test/one\n12345\n" + to_base64(policy::Bytes{checkpoint.root.bytes}) + "\nextra line\n");
  auto const read = parse_checkpoint(body);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->origin, checkpoint.origin);
  EXPECT_EQ(read->size, checkpoint.size);
  EXPECT_EQ(read->root, checkpoint.root);
  EXPECT_EQ(read->extensions, checkpoint.extensions);
}

TEST(Checkpoint, MalformedOnesAreRefusedWithAReason) {
  std::string const root = to_base64(policy::Bytes{empty_root().bytes});
  std::pair<std::string, std::string> const cases[] = {
      {"", "newline"},
      {"origin", "newline"},
      {"origin\n1\n", "fewer than the three lines"},
      {"\n1\n" + root + "\n", "line 1 is empty"},
      {"origin\n1\n" + root + "\n\n", "line 4 is empty"},
      {"origin\n01\n" + root + "\n", "not a size"},
      {"origin\n-1\n" + root + "\n", "not a size"},
      {"origin\n+1\n" + root + "\n", "not a size"},
      {"origin\n1 \n" + root + "\n", "not a size"},
      {"origin\n9223372036854775808\n" + root + "\n", "not a size"},
      {"origin\n99999999999999999999\n" + root + "\n", "not a size"},
      {"origin\n1\nAAAA\n", "not a root hash"},
      {"origin\n1\n" + root.substr(1) + "\n", "not a root hash"},
  };
  for (auto const& [body, reason] : cases) {
    auto const parsed = parse_checkpoint(body);
    ASSERT_FALSE(parsed) << body;
    EXPECT_THAT(parsed.error(), HasSubstr(reason)) << body;
  }
  EXPECT_TRUE(parse_checkpoint("origin\n0\n" + root + "\n"));
  EXPECT_TRUE(parse_checkpoint("origin\n9223372036854775807\n" + root + "\n"));
}

TEST(Checkpoint, OnlyAKeyOfTheOriginMakesOne) {
  NoteSigner const log = test::signer('l', "log.sluice.test/one");
  NoteSigner const witness = test::signer('w', "witness.test");
  std::string const body = checkpoint_body({log.name(), 7, policy::sha256("root"), {}});
  std::vector<NoteSigner> const both{witness, log};
  std::vector<NoteVerifier> const known{log.verifier(), witness.verifier()};
  auto const opened = open_checkpoint(sign_note(body, both), known);
  ASSERT_TRUE(opened) << opened.error();
  EXPECT_EQ(opened->size, 7u);
  EXPECT_THAT(open_checkpoint(sign_note(body, witness), known).error(), HasSubstr("no known key of its origin"));
  EXPECT_FALSE(open_checkpoint(sign_note(body, log), std::span(known).subspan(1)));
  EXPECT_THAT(open_checkpoint(sign_note("not a checkpoint\n", log), known).error(), HasSubstr("checkpoint"));
  EXPECT_EQ(open_checkpoint(sign_checkpoint(log, 9, empty_root()), known)->size, 9u);
}

}  // namespace
}  // namespace sluice::log
