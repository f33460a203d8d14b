"""A Kafka broker for tests: the mock cluster inside librdkafka, as a process of its own.

Prints `ready kafka HOST:PORT` and lives as long as its standard input. Lines that it reads there, each of which it answers by
`ok` and the line:
`topic NAME PARTITIONS`  creates a topic; others appear with 4 partitions when first used
`error NAME CODE`        the topic answers with this code of Kafka's protocol: 3 = it does not exist, 0 = as ever
`produce NAME PARTITION TEXT [HEADER=VALUE...]`  a record as a foreign producer writes it; the text `-` stands for none
`down`, `up`             cut the broker off and bring it back, with what it holds
It keeps little data and nothing on disk.
"""
import ctypes
import sys

# A new group waits 3 s for further members, as a broker does that is not told otherwise (group.initial.rebalance.delay.ms).
FIRST_JOIN_MILLISECONDS = 50


def library():
    for name in ("librdkafka.so.1", "librdkafka.1.dylib", "librdkafka.dylib"):
        try:
            return ctypes.CDLL(name)
        except OSError:
            pass
    sys.exit("librdkafka is not here: apt-get install librdkafka1, or brew install librdkafka")


def shorten_first_join(kafka, cluster):
    """By the knob of librdkafka 2.3 and later; in Debian's 2.0 by the one instruction that has the number, where it is found."""
    if hasattr(kafka, "rd_kafka_mock_group_initial_rebalance_delay_ms"):
        kafka.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, ctypes.c_int32(FIRST_JOIN_MILLISECONDS))
        return
    known = bytes.fromhex("bd c0c62d00 53 4889fb 4883ec18 85c0")  # mov ebp, 3000000; push rbx; mov rbx, rdi; sub rsp, 24; test eax, eax
    try:
        with open("/proc/self/maps") as maps:
            regions = [line.split() for line in maps if "librdkafka" in line and "r-xp" in line]
    except OSError:
        return
    for start, end in ([int(edge, 16) for edge in region[0].split("-")] for region in regions):
        code = ctypes.string_at(start, end - start)
        if code.count(known) != 1:
            continue
        place = start + code.index(known) + 1
        page = place & ~0xFFF
        libc = ctypes.CDLL(None)
        if libc.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(0x2000), 7) == 0:
            ctypes.c_int32.from_address(place).value = FIRST_JOIN_MILLISECONDS * 1000
            libc.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(0x2000), 5)


class Argument(ctypes.Structure):
    """rd_kafka_vu_t: a tag, and a union that is 64 bytes wide."""

    _fields_ = [("tag", ctypes.c_int), ("first", ctypes.c_void_p), ("second", ctypes.c_void_p), ("third", ctypes.c_ssize_t), ("rest", ctypes.c_char * 40)]


def produce(kafka, client, topic, partition, text, headers):
    keep = [topic.encode(), text.encode()]

    def address(data):
        keep.append(ctypes.create_string_buffer(data))
        return ctypes.addressof(keep[-1])

    arguments = [Argument(1, address(keep[0])), Argument(3, partition), Argument(7, 2)]
    if text != "-":
        arguments.append(Argument(4, address(keep[1]), len(keep[1])))
    for name, value in (header.split("=", 1) for header in headers):
        arguments.append(Argument(9, address(name.encode()), address(value.encode()), len(value.encode())))
    error = kafka.rd_kafka_produceva(ctypes.c_void_p(client), (Argument * len(arguments))(*arguments), ctypes.c_size_t(len(arguments)))
    if error:
        kafka.rd_kafka_error_string.restype = ctypes.c_char_p
        sys.exit(kafka.rd_kafka_error_string(ctypes.c_void_p(error)).decode())
    kafka.rd_kafka_flush(ctypes.c_void_p(client), 10_000)


def main():
    kafka = library()
    if "--check" in sys.argv:
        return
    for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_handle_mock_cluster", "rd_kafka_produceva"):
        getattr(kafka, name).restype = ctypes.c_void_p
    kafka.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    error = ctypes.create_string_buffer(512)
    conf = ctypes.c_void_p(kafka.rd_kafka_conf_new())
    kafka.rd_kafka_conf_set(conf, b"test.mock.num.brokers", b"1", error, ctypes.c_size_t(len(error)))
    producer = 0
    handle = kafka.rd_kafka_new(ctypes.c_int(producer), conf, error, ctypes.c_size_t(len(error)))
    if not handle:
        sys.exit(error.value.decode())
    cluster = ctypes.c_void_p(kafka.rd_kafka_handle_mock_cluster(ctypes.c_void_p(handle)))
    shorten_first_join(kafka, cluster)
    print("ready kafka", kafka.rd_kafka_mock_cluster_bootstraps(cluster).decode(), flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[:1] == ["topic"]:
            kafka.rd_kafka_mock_topic_create(cluster, words[1].encode(), ctypes.c_int(int(words[2])), ctypes.c_int(1))
        elif words[:1] == ["error"]:
            kafka.rd_kafka_mock_topic_set_error(cluster, words[1].encode(), ctypes.c_int(int(words[2])))
        elif words[:1] == ["produce"]:
            produce(kafka, handle, words[1], int(words[2]), words[3], words[4:])
        elif words == ["down"]:
            kafka.rd_kafka_mock_broker_set_down(cluster, ctypes.c_int(1))
        elif words == ["up"]:
            kafka.rd_kafka_mock_broker_set_up(cluster, ctypes.c_int(1))
        else:
            continue
        print("ok", *words, flush=True)


main()
