"""A Kafka broker for tests: the mock cluster inside librdkafka, as a process of its own.

Prints `ready kafka HOST:PORT` and lives as long as its standard input. Lines that it reads there:
`topic NAME PARTITIONS` creates a topic (others appear with 4 partitions when first used), `down` and `up` cut the broker off
and bring it back, with what it holds. Each is answered by
`ok` and itself. It keeps little data and nothing on disk.
"""
import ctypes
import sys


def library():
    for name in ("librdkafka.so.1", "librdkafka.1.dylib", "librdkafka.dylib"):
        try:
            return ctypes.CDLL(name)
        except OSError:
            pass
    sys.exit("librdkafka is not here: apt-get install librdkafka1, or brew install librdkafka")


def main():
    kafka = library()
    if "--check" in sys.argv:
        return
    for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_handle_mock_cluster"):
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
    print("ready kafka", kafka.rd_kafka_mock_cluster_bootstraps(cluster).decode(), flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[:1] == ["topic"]:
            kafka.rd_kafka_mock_topic_create(cluster, words[1].encode(), ctypes.c_int(int(words[2])), ctypes.c_int(1))
        elif words == ["down"]:
            kafka.rd_kafka_mock_broker_set_down(cluster, ctypes.c_int(1))
        elif words == ["up"]:
            kafka.rd_kafka_mock_broker_set_up(cluster, ctypes.c_int(1))
        else:
            continue
        print("ok", *words, flush=True)


main()
