import java.io.File;
import java.util.concurrent.TimeUnit;
import okhttp3.Credentials;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

public class OkHttp3 {
    public static void main(String[] args) throws Exception {
        String basic = Credentials.basic(args[1], args[2]);
        OkHttpClient client = new OkHttpClient.Builder().readTimeout(50, TimeUnit.SECONDS)
            .authenticator((route, response) -> response.request().header("Authorization") != null
                ? null
                : response.request().newBuilder().header("Authorization", basic).build())
            .build();
        RequestBody body = RequestBody.create(MediaType.parse("application/xml"), new File(args[3]));
        Request.Builder request = new Request.Builder().url(args[0]).post(body);
        if (args[4].equals("expect")) {
            request.header("Expect", "100-continue");
        }
        try (Response response = client.newCall(request.build()).execute()) {
            System.out.println(response.code());
        }
        System.exit(0);
    }
}
