// Entries: every event reads back what was written, there is one text per event, and nothing else is an entry.
#include "storage/log/event_codec.hpp"

#include "policy/enum_names.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace sluice::log {
namespace {

using namespace policy;

template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;
template <class T>
constexpr bool is_vector = false;
template <class T>
constexpr bool is_vector<std::vector<T>> = true;
template <class T>
constexpr bool is_name_type = false;
template <class Tag>
constexpr bool is_name_type<Name<Tag>> = true;
template <class T>
constexpr bool is_number_type = false;
template <class Tag>
constexpr bool is_number_type<Number<Tag>> = true;

/// Fills any event with values of its members' types, from a seed.
class Filler {
 public:
  explicit Filler(std::uint64_t seed) : random_(seed) {}

  template <class T>
  void fill(T& value) {
    if constexpr (std::same_as<T, bool>) {
      value = pick(2) == 1;
    } else if constexpr (std::same_as<T, std::int32_t>) {
      value = static_cast<std::int32_t>(random_());
    } else if constexpr (std::same_as<T, std::int64_t>) {
      value = static_cast<std::int64_t>(random_() >> 11) - (std::int64_t{1} << 52);  // what JSON carries exactly
    } else if constexpr (std::same_as<T, std::uint64_t>) {
      value = random_();
    } else if constexpr (std::same_as<T, std::string>) {
      static constexpr std::string_view letters = "aZ0 \"\\/\n\t\x01\x7f\xe6\xad\xa6";  // 武 at the end, whole
      value = std::string(letters.substr(0, pick(12))) + (pick(2) == 1 ? "\xe6\xad\xa6" : "");
    } else if constexpr (std::same_as<T, Money>) {
      value.micro_yuan = static_cast<std::int64_t>(random_());
    } else if constexpr (std::same_as<T, Timestamp>) {
      value.ms = static_cast<std::int64_t>(random_() >> 11);
    } else if constexpr (std::same_as<T, Hash>) {
      for (auto& byte : value.bytes) byte = static_cast<std::uint8_t>(random_());
    } else if constexpr (std::same_as<T, SharedBytes>) {
      value = SharedBytes::of("blob " + std::to_string(random_()));
    } else if constexpr (std::same_as<T, AttemptId>) {
      value = {{random_()}, static_cast<std::uint32_t>(pick(1'000)) + 1};
    } else if constexpr (std::same_as<T, RegionCode>) {
      value.code = static_cast<std::int32_t>(pick(1'000'000));
    } else if constexpr (std::same_as<T, Reason>) {
      static constexpr Reason some[] = {Reason::none, Reason::malformed, Reason::capacity_short, Reason::plan_not_canonical};
      value = some[pick(4)];
    } else if constexpr (is_name_type<T>) {
      value.text = "n" + std::to_string(random_() % 1'000'000) + (pick(2) == 1 ? ".A_b-" : "");
    } else if constexpr (is_number_type<T>) {
      value.value = random_();
    } else if constexpr (std::is_enum_v<T>) {
      value = EnumNames<T>::list[pick(EnumNames<T>::list.size())].first;
    } else if constexpr (is_optional<T>) {
      if (pick(2) == 1) {
        fill(value.emplace());
      } else {
        value.reset();
      }
    } else if constexpr (is_vector<T>) {
      value.resize(pick(4));
      for (auto& element : value) fill(element);
    } else {
      T::fields(value, [this](std::string_view, auto& member) { fill(member); });
    }
  }

 private:
  std::size_t pick(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
  std::mt19937_64 random_;
};

template <class Alternative>
Event filled(Filler& filler) {
  Alternative event;
  filler.fill(event);
  return event;
}

template <std::size_t... I>
std::vector<Event> one_of_each(std::uint64_t seed, std::index_sequence<I...>) {
  Filler filler(seed);
  std::vector<Event> events;
  (events.push_back(filled<std::variant_alternative_t<I, Event>>(filler)), ...);
  return events;
}

std::vector<Event> one_of_each(std::uint64_t seed) { return one_of_each(seed, std::make_index_sequence<std::variant_size_v<Event>>{}); }

TEST(EventCodec, EveryEventReadsBackAsItWasWritten) {
  EntryDecoder decoder;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    for (Event const& event : one_of_each(seed)) {
      Stamped const stamped{{static_cast<std::int64_t>(seed) * 1'000}, event};
      std::string const entry = encode_entry(stamped);
      auto const again = decoder.decode(entry);
      ASSERT_TRUE(again) << again.error() << "\n" << entry;
      EXPECT_EQ(again->at, stamped.at);
      EXPECT_EQ(again->event.index(), event.index());
      EXPECT_EQ(encode_entry(*again), entry);
    }
  }
}

TEST(EventCodec, TypesAreAllDifferentAndCarryAVersion) {
  std::set<std::string_view> types;
  for (Event const& event : one_of_each(1)) {
    EXPECT_TRUE(types.insert(type_of(event)).second) << type_of(event);
    EXPECT_TRUE(type_of(event).ends_with("/1")) << type_of(event);
  }
}

TEST(EventCodec, TheTextOfAnEntryIsFixed) {
  JobCancelled event;
  event.by = {{"p-one"}, sha256("because"), Role::tenant};
  event.job = {18'446'744'073'709'551'615U};
  EXPECT_EQ(encode_entry({{1'800'000'000'000}, event}),
            R"({"@":"job.cancelled/1","at_ms":1800000000000,"body":{"by":{"principal":"p-one","reason":")"
            R"(a511aeeeb8a119931a67038a63b7974faee48712de1c79391ebe2c9b929678e9","role":"tenant"},"job":"18446744073709551615"}})");
}

TEST(EventCodec, OneChangedByteIsNeverTheSameEvent) {
  EntryDecoder decoder;
  for (Event const& event : one_of_each(7)) {
    std::string const entry = encode_entry({{5}, event});
    for (std::size_t at = 0; at < entry.size(); at += 3) {
      std::string changed = entry;
      changed[at] = static_cast<char>(changed[at] ^ 0x01);
      auto const read = decoder.decode(changed);
      EXPECT_TRUE(!read || encode_entry(*read) == changed) << "two texts for one event";
    }
  }
}

TEST(EventCodec, OtherTextsOfTheSameEventAreRefused) {
  std::string const entry = encode_entry({{5}, RoundOpened{{7}}});
  ASSERT_EQ(entry, R"({"@":"round.opened/1","at_ms":5,"body":{"round":"7"}})");
  EntryDecoder decoder;
  ASSERT_TRUE(decoder.decode(entry));
  for (char const* other :
       {R"({"@":"round.opened/1","at_ms":5,"body":{"round":"07"}})", R"({"@":"round.opened/1", "at_ms":5,"body":{"round":"7"}})",
        R"({"at_ms":5,"@":"round.opened/1","body":{"round":"7"}})", R"({"@":"round.opened/1","at_ms":5,"body":{"round":7}})",
        R"({"@":"round.opened/1","at_ms":5.0,"body":{"round":"7"}})", R"({"@":"round.opened/1","at_ms":5,"body":{"round":"7","x":1}})",
        R"({"@":"round.opened/1","at_ms":5,"body":{"round":"7"},"x":1})", R"({"@":"round.opened/1","at_ms":5,"body":{}})",
        R"({"@":"round.opened/2","at_ms":5,"body":{"round":"7"}})", R"({"@":"round.opened/1","at_ms":5,"body":{"round":"7"}} )",
        R"({"@":"round.opened/1","at_ms":5,"body":{"\u0072ound":"7"}})", "", "null", "[]"}) {
    EXPECT_FALSE(decoder.decode(other)) << other;
  }
}

TEST(EventCodec, BlobsAreCollectedAndResolved) {
  RoundDecided event;
  event.plan = SharedBytes::of("the plan");
  event.prices = SharedBytes::of("the prices");
  std::vector<Blob> blobs;
  collect_blobs(event, blobs);
  ASSERT_EQ(blobs.size(), 2U);
  EXPECT_EQ(blobs[0].hash, sha256("the plan"));
  EXPECT_EQ(blobs[1].bytes, "the prices");
  EntryDecoder decoder(
      [](Hash const& hash) { return hash == sha256("the plan") ? std::make_shared<std::string const>("the plan") : nullptr; });
  auto const read = decoder.decode(encode_entry({{5}, event}));
  ASSERT_TRUE(read);
  auto const& decided = std::get<RoundDecided>(read->event);
  ASSERT_TRUE(decided.plan.bytes);
  EXPECT_EQ(*decided.plan.bytes, "the plan");
  EXPECT_FALSE(decided.prices.bytes);
}

}  // namespace
}  // namespace sluice::log
